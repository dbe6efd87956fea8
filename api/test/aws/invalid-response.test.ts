import assert from 'node:assert/strict';
import { ClassicElbGateway } from '../../aws/classic-elb-gateway.ts';
import { createAwsClients } from '../../aws/clients.ts';
import type { Fault } from '../../embedded-aws/faults.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { DomainError } from '../../errors.ts';
import type { ElbName, InstanceId } from '../../load-balancers/instance.ts';
import { AwsLedger } from '../../telemetry/aws-ledger.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import { systemClock } from '../../clock.ts';
import { seededRandom } from '../support/random.ts';
import { deregister, describeElbs, describeHealth, describeInstances, register } from '../support/world.ts';

/** 10,000 responses with `FULL_TESTS=1`; otherwise 300. */
const answers = process.env['FULL_TESTS'] === '1' ? 10_000 : 300;

const web = 'default-elb' as ElbName;
const stranger = 'i-0b22a22eec53b9321' as InstanceId;

const replacements = [
  '',
  ' ',
  '<!doctype html><html><body><h1>Sign in</h1><form></form></body></html>',
  '{"message":"Service Unavailable"}',
  '<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>',
  '\u0000\u0001\uFFFD',
  '</member></Instances></member></LoadBalancerDescriptions>',
];

describe(`ClassicElbGateway with ${answers} responses that are truncated, reset or replaced at random`, function () {
  this.timeout(300_000);
  const random = seededRandom(20_261_126);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let aws: EmbeddedAws;
  let gateway: ClassicElbGateway;
  before(async () => {
    aws = await startEmbeddedAws();
    const clients = createAwsClients({
      clock: systemClock,
      region: 'us-east-1',
      endpoint: aws.url,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 5000,
      answerTimeoutMs: 5000,
      maxAttempts: 1,
    });
    const budget = { elbReadsPerSecond: 1e6, ec2ReadsPerSecond: 1e6 };
    gateway = new ClassicElbGateway(clients, new AwsLedger(systemClock), budget, systemClock);
  });
  after(() => aws.close());
  // Probes ignore the pause that follows a failed read.
  const trace = (): AwsTrace => startTrace(systemClock, 20_000, { probe: true });
  const members = () => aws.region.members(web) as InstanceId[];

  const broken = (): Fault => {
    const at = random();
    const kind = pick(['close', 'reset', 'splice', 'replace']);
    if (kind === 'replace') return { replace: { body: pick(replacements), made: true }, count: 1 };
    if (kind === 'splice') return { cut: { at, then: pick(replacements) }, count: 1 };
    return { cut: { at, by: kind as 'close' | 'reset' }, count: 1 };
  };

  const reads: Readonly<Record<string, () => Promise<number>>> = {
    [describeElbs]: async () => {
      const region = await gateway.describeRegion(trace());
      const counts = [...region.values()].map((description) => description.members.length);
      return region.size + counts.reduce((sum, count) => sum + count, 0);
    },
    [`${describeElbs} of one`]: async () => (await gateway.describeLoadBalancer(web, trace())).members.length,
    [describeHealth]: async () => (await gateway.describeHealth(web, undefined, 'ordinary', trace())).length,
    [describeInstances]: async () => (await gateway.describeInstances(members(), trace())).size,
  };

  /** Returns the result of the call, or undefined if it fails with an unknown outcome. */
  const outcomeOf = async <T>(call: Promise<T>): Promise<T | undefined> => {
    try {
      return await call;
    } catch (error) {
      assert.ok(error instanceof DomainError, String(error));
      assert.ok(error.code === 'aws_failed' || error.code === 'aws_unreachable', error.message);
      return undefined;
    }
  };

  it('returns all members that AWS sent or rejects', async () => {
    const whole = new Map<string, number>();
    for (const [name, read] of Object.entries(reads)) whole.set(name, await read());
    let failed = 0;
    for (let n = 0; n < answers * 0.7; n += 1) {
      const [name, read] = pick(Object.entries(reads));
      const fault = broken();
      aws.faults.set([fault]);
      const count = await outcomeOf(read());
      if (count === undefined) failed += 1;
      else assert.equal(count, whole.get(name), `${name} with ${JSON.stringify(fault)}`);
    }
    assert.ok(failed > answers * 0.6, `${failed} failed`);
  });

  it('resolves a change only with the list that AWS sent after it', async () => {
    for (let n = 0; n < answers * 0.3; n += 1) {
      const isMember = members().includes(stranger);
      const fault = broken();
      if (fault.replace !== undefined && random() < 0.5) delete fault.replace.made;
      aws.faults.set([{ ...fault, actions: [register, deregister] }]);
      const listed = await outcomeOf(
        isMember ? gateway.deregister(web, [stranger], trace()) : gateway.register(web, [stranger], trace()),
      );
      if (listed === undefined) continue;
      assert.deepEqual(listed, members(), JSON.stringify(fault));
      assert.equal(members().includes(stranger), !isMember, JSON.stringify(fault));
    }
  });
});
