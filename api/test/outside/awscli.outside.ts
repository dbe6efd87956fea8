import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../embedded-aws/faults.ts';
import { ids } from '../embedded-aws/support.ts';
import { type AwsCli, startAwsCli } from './aws-cli.ts';
import { type ServerProcess, startServer } from './process.ts';

/** The command of Debian's package `awscli`. */
const awsCommand = '/usr/bin/aws';
const main = fileURLToPath(new URL('../../embedded-aws/main.ts', import.meta.url));

/** Exit codes of the AWS CLI v2 (its user guide, "Return codes"). */
const refusedByAws = 254;
const failed = 255;

interface Description {
  readonly LoadBalancerName: string;
  readonly Instances: { readonly InstanceId: string }[];
}

interface ElbPage {
  readonly LoadBalancerDescriptions: Description[];
  readonly NextMarker?: string;
}

const namesOf = ({ LoadBalancerDescriptions }: ElbPage) =>
  LoadBalancerDescriptions.map(({ LoadBalancerName }) => LoadBalancerName);

/** Starts the embedded AWS as `npm run embedded-aws` does. */
const startEmbeddedAws = (...args: string[]) =>
  startServer(
    process.execPath,
    (port) => ['--import', 'tsx', main, '--port', String(port), ...args],
    '/_control/calls',
  );

describe('The embedded AWS, as the AWS CLI sees it', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  let cli: AwsCli;

  before(async () => {
    assert.ok(
      existsSync(awsCommand),
      `there is no AWS CLI at ${awsCommand}; install it with: apt-get install awscli`,
    );
    cli = startAwsCli();
    server = await startEmbeddedAws();
  });
  after(async () => {
    await (cli as AwsCli | undefined)?.close();
    await (server as ServerProcess | undefined)?.close();
  });
  afterEach(async () => {
    await control('DELETE', '/faults');
  });

  const run = (...args: string[]) => cli.run('--endpoint-url', server.url, ...args);

  /** Returns what the CLI made of a successful answer. */
  async function read<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  }

  /** Asserts that the CLI read the refusal as AWS's own. */
  async function refuses(code: string, message: RegExp, ...args: string[]): Promise<void> {
    const result = await run(...args);
    assert.equal(result.stdout, '');
    const [, toldCode, toldMessage] =
      /An error occurred \((\S+)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)\n/.exec(
        result.stderr,
      ) ?? [];
    assert.equal(toldCode, code, result.stderr);
    assert.match(toldMessage!, message);
    assert.equal(result.code, refusedByAws);
  }

  async function control(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${server.url}/_control${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    assert.equal(response.status, 200);
    return (await response.json()) as Record<string, unknown>;
  }

  async function callsOf(action: string): Promise<number> {
    const { actions } = (await control('GET', '/calls')) as { actions: Record<string, { calls: number }> };
    return actions[action]?.calls ?? 0;
  }

  const setFaults = (...faults: Fault[]) => control('PUT', '/faults', { faults });
  const describeElbs = (...args: string[]) => read<ElbPage>('elb', 'describe-load-balancers', ...args);
  const describeInstances = async (...args: string[]) => {
    const { Reservations } = await read<{ Reservations: { Instances: Record<string, unknown>[] }[] }>(
      'ec2',
      'describe-instances',
      ...args,
    );
    return Reservations.flatMap(({ Instances }) => Instances);
  };
  const idsOf = (instances: Record<string, unknown>[]) => instances.map(({ InstanceId }) => InstanceId);
  const health = (elbName: string, ...args: string[]) =>
    read<{ InstanceStates: Record<string, string>[] }>(
      ...['elb', 'describe-instance-health', '--load-balancer-name', elbName, ...args],
    );
  const change = (
    verb: 'register-instances-with' | 'deregister-instances-from',
    elbName: string,
    ...members: string[]
  ) => [`${verb}-load-balancer`, '--load-balancer-name', elbName, '--instances', ...members];

  describe('elb', () => {
    it('describe-load-balancers lists the region', async () => {
      const region = await describeElbs();
      const { LoadBalancerDescriptions } = region;
      assert.deepEqual(namesOf(region), ['default-elb', 'empty-elb', 'other-vpc-elb']);
      assert.deepEqual(LoadBalancerDescriptions[0]?.Instances, [
        { InstanceId: ids.member },
        { InstanceId: ids.secondMember },
        { InstanceId: ids.thirdMember },
      ]);
      assert.deepEqual(LoadBalancerDescriptions[1]?.Instances, []);
    });

    it('describe-load-balancers by names tells listeners, health check, zones and time', async () => {
      const { LoadBalancerDescriptions } = await describeElbs('--load-balancer-names', 'default-elb');
      assert.equal(LoadBalancerDescriptions.length, 1);
      const elb = LoadBalancerDescriptions[0] as unknown as Record<string, unknown>;
      assert.deepEqual(elb['HealthCheck'], {
        Target: 'HTTP:8000/healthcheck',
        Interval: 5,
        Timeout: 2,
        UnhealthyThreshold: 2,
        HealthyThreshold: 3,
      });
      assert.deepEqual(elb['ListenerDescriptions'], [
        {
          Listener: { Protocol: 'HTTP', LoadBalancerPort: 80, InstanceProtocol: 'HTTP', InstancePort: 8000 },
          PolicyNames: [],
        },
      ]);
      assert.equal(new Date(String(elb['CreatedTime'])).toISOString(), '2016-08-30T10:01:44.490Z');
      assert.ok((elb['AvailabilityZones'] as string[]).includes('us-east-1a'));
    });

    it('describe-load-balancers goes on with the marker of the page before', async () => {
      const first = await describeElbs('--page-size', '2');
      assert.deepEqual(namesOf(first), ['default-elb', 'empty-elb']);
      const rest = await describeElbs('--page-size', '2', '--marker', String(first.NextMarker));
      assert.deepEqual(namesOf(rest), ['other-vpc-elb']);
      assert.equal(rest.NextMarker, undefined);
    });

    it('describe-load-balancers gathers the pages of a region of 401', async () => {
      const large = await startEmbeddedAws('--elbs', '401');
      try {
        const { code, stdout } = await run('elb', 'describe-load-balancers', '--endpoint-url', large.url);
        assert.equal(code, 0);
        assert.equal(namesOf(JSON.parse(stdout) as ElbPage).length, 401);
        const calls = await (await fetch(`${large.url}/_control/calls`)).json();
        assert.equal((calls as { calls: number }).calls, 2);
      } finally {
        await large.close();
      }
    });

    it('describe-load-balancer-attributes tells of draining and idle timeout', async () => {
      const { LoadBalancerAttributes } = await read<{ LoadBalancerAttributes: Record<string, unknown> }>(
        ...['elb', 'describe-load-balancer-attributes', '--load-balancer-name', 'default-elb'],
      );
      assert.deepEqual(LoadBalancerAttributes['ConnectionDraining'], { Enabled: true, Timeout: 20 });
      assert.deepEqual(LoadBalancerAttributes['ConnectionSettings'], { IdleTimeout: 60 });
      assert.deepEqual(LoadBalancerAttributes['CrossZoneLoadBalancing'], { Enabled: true });
    });

    it('describe-instance-health tells of members in service', async () => {
      const { InstanceStates } = await health('default-elb');
      assert.deepEqual(InstanceStates[0], {
        InstanceId: ids.member,
        State: 'InService',
        ReasonCode: 'N/A',
        Description: 'N/A',
      });
      assert.equal(InstanceStates.length, 3);
      assert.equal((await health('default-elb', '--instances', ids.thirdMember)).InstanceStates.length, 1);
    });

    it('register and deregister answer the whole list, and health follows them in time', async () => {
      const registered = await read(
        'elb',
        ...change('register-instances-with', 'empty-elb', ids.free, ids.alsoFree),
      );
      assert.deepEqual(registered, { Instances: [{ InstanceId: ids.free }, { InstanceId: ids.alsoFree }] });
      const again = await read('elb', ...change('register-instances-with', 'empty-elb', ids.free));
      assert.deepEqual(again, registered);
      const states = async () => (await health('empty-elb')).InstanceStates.map(({ State }) => State);
      assert.deepEqual(await states(), ['OutOfService', 'OutOfService']);
      await control('POST', '/clock', { advanceSeconds: 10 });
      assert.deepEqual(await states(), ['InService', 'InService']);

      const left = await read('elb', ...change('deregister-instances-from', 'empty-elb', ids.free));
      assert.deepEqual(left, { Instances: [{ InstanceId: ids.alsoFree }] });
      const { InstanceStates } = await health('empty-elb');
      const draining = InstanceStates.find(({ InstanceId }) => InstanceId === ids.free);
      assert.equal(draining?.['Description'], 'Instance deregistration currently in progress.');
      await control('PUT', '/load-balancers/empty-elb', { instances: [] });
    });

    it('one unknown name refuses the whole call', async () => {
      const args = ['describe-load-balancers', '--load-balancer-names', 'default-elb', 'nope'];
      await refuses(
        'LoadBalancerNotFound',
        /^There is no ACTIVE Load Balancer named 'nope'$/,
        'elb',
        ...args,
      );
    });

    for (const args of [
      ['describe-instance-health', '--load-balancer-name', 'nope'],
      ['describe-load-balancer-attributes', '--load-balancer-name', 'nope'],
      change('register-instances-with', 'nope', ids.free),
      change('deregister-instances-from', 'nope', ids.member),
    ])
      it(`${args[0] ?? ''} refuses an unknown name`, () =>
        refuses('LoadBalancerNotFound', /^There is no ACTIVE Load Balancer named 'nope'$/, 'elb', ...args));

    for (const [what, args, message] of [
      [
        'register an unknown instance',
        change('register-instances-with', 'empty-elb', ids.unknown),
        ids.unknown,
      ],
      ['register one of another VPC', change('register-instances-with', 'empty-elb', ids.otherVpc), 'VPC'],
      ['register a malformed id', change('register-instances-with', 'empty-elb', 'i-xyz'), 'i-xyz'],
      [
        'deregister one that is no member',
        change('deregister-instances-from', 'empty-elb', ids.free),
        ids.free,
      ],
    ] as const)
      it(`InvalidInstance refuses to ${what}`, () =>
        refuses('InvalidInstance', new RegExp(message), 'elb', ...args));

    it('refuses a page of 401', () =>
      refuses(
        'ValidationError',
        /Value '401' at 'pageSize' failed to satisfy constraint: Member must have value less than or equal to 400$/,
        ...['elb', 'describe-load-balancers', '--page-size', '401'],
      ));

    it('refuses an action that it does not have', () =>
      refuses('InvalidAction', /DescribeAccountLimits/, 'elb', 'describe-account-limits'));
  });

  describe('ec2 describe-instances', () => {
    it('by ids tells type, launch time, state, VPC and name', async () => {
      const [instance, ...others] = await describeInstances('--instance-ids', ids.member);
      assert.deepEqual(others, []);
      assert.equal(instance?.['InstanceType'], 't1.micro');
      assert.equal(new Date(String(instance['LaunchTime'])).toISOString(), '2016-08-29T09:12:33.001Z');
      assert.deepEqual(instance['State'], { Code: 16, Name: 'running' });
      assert.match(String(instance['VpcId']), /^vpc-/);
      assert.deepEqual((instance['Tags'] as unknown[])[0], { Key: 'Name', Value: 'web-1' });
    });

    for (const [filter, expected] of [
      [`Name=instance-id,Values=${ids.member},${ids.unknown}`, [ids.member]],
      ['Name=instance-state-name,Values=stopped,terminated', [ids.stopped, ids.terminated]],
      ['Name=instance-type,Values=m4.*', [ids.otherVpc, 'i-0c4d1e8f9a6b08562']],
    ] as const)
      it(`with the filter ${filter}`, async () => {
        const found = await describeInstances('--filters', filter);
        assert.deepEqual(idsOf(found), expected);
      });

    it('with two filters, both of which must fit', async () => {
      const [{ VpcId } = {}] = await describeInstances('--instance-ids', ids.otherVpc);
      const filters = [`Name=vpc-id,Values=${String(VpcId)}`, 'Name=instance-type,Values=c3.large'];
      assert.deepEqual(idsOf(await describeInstances('--filters', ...filters)), ['i-74d1b6ef']);
    });

    it('goes through the pages', async () => {
      await control('DELETE', '/calls');
      const instances = await describeInstances('--page-size', '10');
      assert.equal(new Set(idsOf(instances)).size, 25);
      assert.equal(await callsOf('DescribeInstances'), 3);
    });

    for (const [what, code, message, args] of [
      [
        'an unknown id',
        'InvalidInstanceID.NotFound',
        /^The instance ID 'i-0ffffffffffffffff' does not exist$/,
        ['--instance-ids', ids.member, ids.unknown],
      ],
      ['a malformed id', 'InvalidInstanceID.Malformed', /^Invalid id: "i-xyz"$/, ['--instance-ids', 'i-xyz']],
      [
        'an unknown filter',
        'InvalidParameterValue',
        /^The filter 'colour' is invalid$/,
        ['--filters', 'Name=colour,Values=red'],
      ],
      [
        'a filter of 201 values',
        'FilterLimitExceeded',
        /200$/,
        ['--filters', `Name=instance-id,Values=${Array.from({ length: 201 }, () => ids.member).join(',')}`],
      ],
      ['a page of 4', 'InvalidParameterValue', /maxResults/, ['--max-results', '4']],
      [
        'ids and pages together',
        'InvalidParameterCombination',
        /maxResults/,
        ['--instance-ids', ids.member, '--max-results', '5'],
      ],
    ] as const)
      it(`refuses ${what}`, () => refuses(code, message, 'ec2', 'describe-instances', ...args));
  });

  describe('with faults switched on', () => {
    const elb = ['elb', 'describe-load-balancers'];
    const ec2 = ['ec2', 'describe-instances'];
    const rows: [what: string, fault: Fault, code: string, message: RegExp, args: string[]][] = [
      ['throttles ELB', { throttle: true }, 'Throttling', /^Rate exceeded$/, elb],
      ['throttles EC2', { throttle: true }, 'RequestLimitExceeded', /^Request limit exceeded\.$/, ec2],
      ['throttles behind ELB', { throttle: 'DependencyThrottle' }, 'DependencyThrottle', /./, elb],
      ['denies ELB', { refuse: true }, 'AccessDenied', /elasticloadbalancing:DescribeLoadBalancers/, elb],
      ['denies EC2', { refuse: true }, 'UnauthorizedOperation', /not authorized/, ec2],
      ['refuses expired credentials', { refuse: 'ExpiredToken' }, 'ExpiredToken', /expired/, elb],
      ['refuses unknown credentials', { refuse: 'AuthFailure' }, 'AuthFailure', /credentials/, ec2],
      [
        'refuses a wrong secret',
        { refuse: 'SignatureDoesNotMatch' },
        'SignatureDoesNotMatch',
        /signature/,
        elb,
      ],
      ['fails in ELB', { status: 500 }, 'InternalFailure', /internal error/, elb],
      ['fails in EC2', { status: 500 }, 'InternalError', /internal error/, ec2],
      ['is unavailable', { status: 503 }, 'ServiceUnavailable', /unable to handle/, elb],
    ];
    for (const [what, fault, code, message, args] of rows)
      it(`${what}: ${code}`, async () => {
        await setFaults(fault);
        await refuses(code, message, ...args);
      });

    it('resets the connection', async () => {
      await setFaults({ reset: true });
      const { code, stderr } = await run(...elb);
      assert.match(stderr, /Connection was closed|Could not connect/);
      assert.equal(code, failed);
    });

    it('does not answer', async () => {
      await setFaults({ silent: true });
      const { code, stderr } = await run('--cli-read-timeout', '1', ...elb);
      assert.match(stderr, /Read timeout on endpoint URL/);
      assert.equal(code, failed);
    });

    it('is itself again once they are cleared', async () => {
      await setFaults({ throttle: true, count: 1 });
      await refuses('Throttling', /./, ...elb);
      assert.equal((await describeElbs()).LoadBalancerDescriptions.length, 3);
    });
  });
});
