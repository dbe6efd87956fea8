import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { run } from '../support/process.ts';
import { secondToken } from '../support/service.ts';
import { startWorldInRealTime, type World } from '../support/world.ts';

/** A call as the programs in `programs/` print it, with the response that the client has parsed. */
interface Call {
  readonly call: string;
  readonly status: number;
  readonly message: unknown;
}

type Message = Record<string, unknown>;
type Check = (message: unknown) => void;

const says =
  (pattern: RegExp): Check =>
  (message) => {
    assert.match(String(message), pattern);
  };
const is =
  (...expected: Message[]): Check =>
  (message) => {
    const all = (Array.isArray(message) ? message : [message]) as Message[];
    const picked = all.map((one, n) =>
      Object.fromEntries(Object.keys(expected[n] ?? {}).map((key) => [key, one[key]])),
    );
    assert.deepEqual(picked, expected);
  };

const member = {
  instanceId: 'i-5203422c',
  instanceType: 't1.micro',
  launchDate: '2016-08-29T09:12:33.001Z',
};
const free = {
  instanceId: 'i-0b22a22eec53b9321',
  instanceType: 't3.micro',
  launchDate: '2024-01-09T11:30:00.000Z',
};
const members = [member.instanceId, 'i-0a4f8c3e9d1b27650', 'i-6d304aae'];
const hasIds = (...ids: string[]) => is(...ids.map((instanceId) => ({ instanceId })));

/** The calls of each program in order, for a new sample region. */
const expected: [call: string, status: number, check: Check][] = [
  ['lists with a wrong password', 401, says(/password|credentials/)],
  ['lists an unknown load balancer', 404, says(/^the elb does not exist: .*"nope"/)],
  ['attaches without a body', 400, says(/^wrong data format: the body is empty/)],
  ['attaches an unknown instance', 400, says(/i-00000000000000000/)],
  ['attaches a member', 409, says(/^instance already on load balancer/)],
  ['detaches an instance that is not a member', 409, says(/^instance is not on load balancer/)],
  [
    'detaches without a body and a query',
    400,
    says(/^wrong data format: the body is empty and the query has no/),
  ],
  ['checks the health of the service', 200, says(/^ok$/)],
  ['reads the status', 200, is({ backend: 'aws', region: 'us-east-1' })],
  [
    'lists two load balancers',
    200,
    is({ elbName: 'default-elb', instanceCount: 3 }, { elbName: 'empty-elb', instanceCount: 0 }),
  ],
  ['lists the members', 200, hasIds(...members)],
  ['attaches in a dry run', 200, is({ ...free, dryRun: true })],
  ['attaches', 201, is(free)],
  ['attaches and waits', 202, is({ instanceId: 'i-0c4d1e7f8a9b03562' })],
  ['reads the health of the members', 200, hasIds(...members, free.instanceId, 'i-0c4d1e7f8a9b03562')],
  ['detaches in a dry run, with the instance in the query', 200, is({ ...member, dryRun: true })],
  ['detaches with the instance in the query', 201, is(member)],
  ['detaches with the instance in the query and an empty body', 201, hasIds(free.instanceId)],
  ['detaches and waits', 202, hasIds('i-6d304aae')],
  [
    'attaches many in a dry run',
    207,
    is(
      { instanceId: free.instanceId, status: 200 },
      { instanceId: 'x', status: 400, code: 'wrong_data_format' },
    ),
  ],
  [
    'attaches many',
    207,
    is(
      { instanceId: free.instanceId, status: 201, message: free },
      { instanceId: 'i-00000000000000000', status: 400, code: 'instance_refused' },
    ),
  ],
  ['detaches many', 207, is({ instanceId: free.instanceId, status: 201, message: free })],
];

/**
 * Defines the tests of the client for a language. `make` generates the client, compiles it together with the program
 * that calls it, and resolves with the command that runs the program. The tests are skipped if a command in `needs` is
 * not installed.
 */
export function describeClient(
  language: string,
  needs: readonly string[],
  make: () => Promise<[command: string, ...args: string[]]>,
): void {
  const missing = needs.filter((command) => spawnSync('which', [command]).status !== 0);
  if (missing.length > 0) {
    it.skip(
      `The generated ${language} client (skipped because these commands are not installed: ${missing.join(', ')})`,
    );
    return;
  }
  describe(`The generated ${language} client`, function () {
    this.timeout(600_000);
    let world: World;
    let calls: Call[] = [];
    before(async () => {
      const [command, ...args] = await make();
      world = await startWorldInRealTime();
      const [user = '', password = ''] = Buffer.from(secondToken, 'base64').toString().split(':');
      const output = await run(command, [...args, world.service.url, user, password]);
      calls = output.split('\n').map((line) => JSON.parse(line) as Call);
    });
    after(() => (world as World | undefined)?.close());

    expected.forEach(([call, status, check], n) => {
      it(`receives ${status} when it ${call}`, () => {
        assert.deepEqual(
          { call: calls[n]?.call, status: calls[n]?.status },
          { call, status },
          JSON.stringify(calls[n]),
        );
        check(calls[n]?.message);
      });
    });

    it('makes no further calls', () => {
      assert.equal(calls.length, expected.length);
    });
  });
}

/** Whether the option `--full` is set: npm run test:clients -- --full. */
export const full = process.argv.includes('--full');
