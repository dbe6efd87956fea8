import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hasHosts } from './engines.ts';
import { runBuilder } from './hosts.ts';
import type { Finished } from '../../../api/test/support/process.ts';
import { lanes, scenario } from './scenarios.ts';
import type { World } from './world.ts';

const here = 'i-0c4d1e7f8a9b03562';
const other = 'i-0b22a22eec53b9321';
const inService = { state: 'InService', description: 'N/A', condition: 'in-service' };
const draining = {
  state: 'InService',
  description: 'Instance deregistration currently in progress.',
  condition: 'draining',
};
type Entry = typeof inService;

/** A request and its response: the health of `here` (null if it is not a member), or a status. */
type Step = [request: string, answer: Entry | null | number];

describe('builder.sh with scripted responses of the API', function () {
  this.timeout(400_000);

  /** Redeploys an image that the host does not have, so that the host is attached again immediately. */
  async function play({ folder }: World, steps: Step[], withCondition: boolean): Promise<Finished> {
    const left = [...steps];
    const surprises: string[] = [];
    const server = createServer(({ method, url }, response) => {
      const request = `${method ?? ''} ${url ?? ''}`;
      // The last response is repeated.
      const [expected, answer] = (left.length > 1 ? left.shift() : left[0]) ?? ['', 500];
      if (request !== expected) surprises.push(`${request} instead of ${expected}`);
      const status = typeof answer === 'number' ? answer : 200;
      const entries = [
        { instanceId: other, ...inService },
        ...(answer === null || typeof answer === 'number' ? [] : [{ instanceId: here, ...answer }]),
      ].map(({ condition, ...entry }) => (withCondition ? { ...entry, condition } : entry));
      response.writeHead(status, { Connection: 'close' }).end(JSON.stringify({ message: entries }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const through = ['--elb', 'fleet', '--api', api, '--no-standby', '--built', '0'.repeat(40)];
    const result = await runBuilder(folder, ['--host', `host-b=${here}`, ...through], { API_TOKEN: 'x' });
    server.close();
    assert.deepEqual(surprises, [], result.output);
    assert.equal(result.code, 13, result.output);
    assert.match(
      result.output,
      /is drained and detached from fleet.*no image elb-inventory.*is in service in fleet/s,
    );
    return result;
  }

  const health = 'GET /elb/fleet/health';
  const detach = `DELETE /elb/fleet?instanceId=${here}&wait=drained`;
  const attach = 'POST /elb/fleet?wait=in-service';
  const cases: [title: string, steps: Step[]][] = [
    [
      'waits for an instance that is already draining',
      [
        [health, draining],
        [detach, 409],
        [health, draining],
        [health, null],
        [health, null],
        [attach, 201],
        [health, inService],
      ],
    ],
    [
      'waits until the instance is drained, and attaches it again when AWS drops it after draining',
      [
        [health, inService],
        [detach, 202],
        [health, draining],
        [health, null],
        [attach, 202],
        [health, draining],
        [health, null],
        ['POST /elb/fleet', 201],
        [health, inService],
      ],
    ],
  ];
  for (const [title, steps] of cases)
    for (const withCondition of [true, false])
      scenario(
        lanes.hostB,
        hasHosts,
        `${title}, ${withCondition ? 'with the condition' : 'with the description of an older version'}`,
        async (world) => {
          await play(world, steps, withCondition);
        },
      );
});
