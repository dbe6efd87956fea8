import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../embedded-aws/faults.ts';
import { ids } from '../embedded-aws/support.ts';
import { type AwsCli, startAwsCli } from './aws-cli.ts';
import { type ServerProcess, startServer } from '../support/process.ts';

/** The command in the Debian package `awscli`. */
const awsCommand = '/usr/bin/aws';
const main = fileURLToPath(new URL('../../embedded-aws/main.ts', import.meta.url));

/** Exit codes of the AWS CLI v2 (AWS CLI user guide, "Return codes"). */
const awsErrorExitCode = 254;
const generalErrorExitCode = 255;

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

/** Starts the embedded AWS in the same way as `npm run embedded-aws`. */
const startEmbeddedAws = (...args: string[]) =>
  startServer(
    process.execPath,
    (port) => ['--import', 'tsx', main, '--port', String(port), ...args],
    '/_control/calls',
  );

describe('The embedded AWS with the AWS CLI:', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  let cli: AwsCli;

  before(async () => {
    assert.ok(
      existsSync(awsCommand),
      `the AWS CLI is not installed at ${awsCommand}; install it with: apt-get install awscli`,
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

  /** Runs a command that must succeed, and returns its parsed output. */
  async function read<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  }

  /** Asserts that the command fails with this AWS error code and message. */
  async function assertRefused(code: string, message: RegExp, ...args: string[]): Promise<void> {
    const result = await run(...args);
    assert.equal(result.stdout, '');
    const [, actualCode, actualMessage] =
      /An error occurred \((\S+)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)\n/.exec(
        result.stderr,
      ) ?? [];
    assert.equal(actualCode, code, result.stderr);
    assert.match(actualMessage!, message);
    assert.equal(result.code, awsErrorExitCode);
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
    it('describe-load-balancers lists all load balancers', async () => {
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

    it('describe-load-balancers returns listeners, health check, zones and creation time', async () => {
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

    it('describe-load-balancers returns the next page for a marker', async () => {
      const first = await describeElbs('--page-size', '2');
      assert.deepEqual(namesOf(first), ['default-elb', 'empty-elb']);
      const rest = await describeElbs('--page-size', '2', '--marker', String(first.NextMarker));
      assert.deepEqual(namesOf(rest), ['other-vpc-elb']);
      assert.equal(rest.NextMarker, undefined);
    });

    it('describe-load-balancers collects two pages for 401 load balancers', async () => {
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

    it('describe-load-balancer-attributes returns draining and idle timeout', async () => {
      const { LoadBalancerAttributes } = await read<{ LoadBalancerAttributes: Record<string, unknown> }>(
        ...['elb', 'describe-load-balancer-attributes', '--load-balancer-name', 'default-elb'],
      );
      assert.deepEqual(LoadBalancerAttributes['ConnectionDraining'], { Enabled: true, Timeout: 20 });
      assert.deepEqual(LoadBalancerAttributes['ConnectionSettings'], { IdleTimeout: 60 });
      assert.deepEqual(LoadBalancerAttributes['CrossZoneLoadBalancing'], { Enabled: true });
    });

    it('describe-instance-health returns members in service', async () => {
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

    it('register and deregister return the complete list and change health over time', async () => {
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

    it('describe-load-balancers fails when one of several names is unknown', async () => {
      const args = ['describe-load-balancers', '--load-balancer-names', 'default-elb', 'nope'];
      await assertRefused(
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
      it(`${args[0] ?? ''} fails for an unknown name`, () =>
        assertRefused(
          'LoadBalancerNotFound',
          /^There is no ACTIVE Load Balancer named 'nope'$/,
          'elb',
          ...args,
        ));

    for (const [what, args, message] of [
      [
        'register for an unknown instance',
        change('register-instances-with', 'empty-elb', ids.unknown),
        ids.unknown,
      ],
      [
        'register for an instance of another VPC',
        change('register-instances-with', 'empty-elb', ids.otherVpc),
        'VPC',
      ],
      ['register for a malformed id', change('register-instances-with', 'empty-elb', 'i-xyz'), 'i-xyz'],
      [
        'deregister for an instance that is not a member',
        change('deregister-instances-from', 'empty-elb', ids.free),
        ids.free,
      ],
    ] as const)
      it(`InvalidInstance is the error of ${what}`, () =>
        assertRefused('InvalidInstance', new RegExp(message), 'elb', ...args));

    it('describe-load-balancers fails for a page size of 401', () =>
      assertRefused(
        'ValidationError',
        /Value '401' at 'pageSize' failed to satisfy constraint: Member must have value less than or equal to 400$/,
        ...['elb', 'describe-load-balancers', '--page-size', '401'],
      ));

    it('InvalidAction is the error of an unsupported action', () =>
      assertRefused('InvalidAction', /DescribeAccountLimits/, 'elb', 'describe-account-limits'));
  });

  describe('ec2 describe-instances', () => {
    it('returns type, launch time, state, VPC and name of an instance', async () => {
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
      it(`applies the filter ${filter}`, async () => {
        const found = await describeInstances('--filters', filter);
        assert.deepEqual(idsOf(found), expected);
      });

    it('combines two filters with AND', async () => {
      const [{ VpcId } = {}] = await describeInstances('--instance-ids', ids.otherVpc);
      const filters = [`Name=vpc-id,Values=${String(VpcId)}`, 'Name=instance-type,Values=c3.large'];
      assert.deepEqual(idsOf(await describeInstances('--filters', ...filters)), ['i-74d1b6ef']);
    });

    it('collects all pages', async () => {
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
        'a filter with 201 values',
        'FilterLimitExceeded',
        /200$/,
        ['--filters', `Name=instance-id,Values=${Array.from({ length: 201 }, () => ids.member).join(',')}`],
      ],
      ['a page size of 4', 'InvalidParameterValue', /maxResults/, ['--max-results', '4']],
      [
        'ids combined with a page size',
        'InvalidParameterCombination',
        /maxResults/,
        ['--instance-ids', ids.member, '--max-results', '5'],
      ],
    ] as const)
      it(`fails for ${what}`, () => assertRefused(code, message, 'ec2', 'describe-instances', ...args));
  });

  describe('faults', () => {
    const elb = ['elb', 'describe-load-balancers'];
    const ec2 = ['ec2', 'describe-instances'];
    const rows: [what: string, fault: Fault, code: string, message: RegExp, args: string[]][] = [
      ['throttle ELB', { throttle: true }, 'Throttling', /^Rate exceeded$/, elb],
      ['throttle EC2', { throttle: true }, 'RequestLimitExceeded', /^Request limit exceeded\.$/, ec2],
      ['throttle a dependency of ELB', { throttle: 'DependencyThrottle' }, 'DependencyThrottle', /./, elb],
      ['deny ELB', { refuse: true }, 'AccessDenied', /elasticloadbalancing:DescribeLoadBalancers/, elb],
      ['deny EC2', { refuse: true }, 'UnauthorizedOperation', /not authorized/, ec2],
      ['report expired credentials', { refuse: 'ExpiredToken' }, 'ExpiredToken', /expired/, elb],
      ['report unknown credentials', { refuse: 'AuthFailure' }, 'AuthFailure', /credentials/, ec2],
      [
        'report a wrong secret',
        { refuse: 'SignatureDoesNotMatch' },
        'SignatureDoesNotMatch',
        /signature/,
        elb,
      ],
      ['fail ELB', { status: 500 }, 'InternalFailure', /internal error/, elb],
      ['fail EC2', { status: 500 }, 'InternalError', /internal error/, ec2],
      ['make ELB unavailable', { status: 503 }, 'ServiceUnavailable', /unable to handle/, elb],
    ];
    for (const [what, fault, code, message, args] of rows)
      it(`${what} with ${code}`, async () => {
        await setFaults(fault);
        await assertRefused(code, message, ...args);
      });

    it('reset the connection', async () => {
      await setFaults({ reset: true });
      const { code, stderr } = await run(...elb);
      assert.match(stderr, /Connection was closed|Could not connect/);
      assert.equal(code, generalErrorExitCode);
    });

    it('suppress the response', async () => {
      await setFaults({ silent: true });
      const { code, stderr } = await run('--cli-read-timeout', '1', ...elb);
      assert.match(stderr, /Read timeout on endpoint URL/);
      assert.equal(code, generalErrorExitCode);
    });

    it('end after their count', async () => {
      await setFaults({ throttle: true, count: 1 });
      await assertRefused('Throttling', /./, ...elb);
      assert.equal((await describeElbs()).LoadBalancerDescriptions.length, 3);
    });
  });
});
