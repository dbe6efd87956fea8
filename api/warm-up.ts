import { ClassicElbGateway } from './aws/classic-elb-gateway.ts';
import { createAwsClients } from './aws/clients.ts';
import type { Config } from './config/config.ts';
import { startEmbeddedAws } from './embedded-aws/server.ts';
import { AwsLedger } from './telemetry/aws-ledger.ts';
import { type AwsTrace, startTrace } from './telemetry/aws-trace.ts';
import { systemClock } from './time.ts';

/** After three rounds a first read took 2.5 times a call of AWS, after eight 2.35 (`npm run bench`, "first read ever"). */
const rounds = 8;

/** So large that no call waits. */
const budget = { elbReadsPerSecond: 1000, ec2ReadsPerSecond: 1000 };

/**
 * Runs the way to AWS a few times against an embedded AWS of its own, which nobody else sees: Node compiles the SDK's
 * code and the SDK builds its schemas at their first use, for longer than AWS takes to answer, and the first caller
 * would wait for that. No request leaves the process.
 */
export async function warmUp(config: Config): Promise<void> {
  const aws = await startEmbeddedAws({ region: config.region });
  try {
    const clock = systemClock;
    const credentials = { accessKeyId: 'warm-up', secretAccessKey: 'warm-up' };
    const clients = createAwsClients({ ...config, endpoint: aws.url, credentials, amazonsOwn: false, clock });
    const gateway = new ClassicElbGateway(clients, new AwsLedger(clock), budget, clock);
    const trace = (): AwsTrace => startTrace(clock, config.deadlineMs);
    for (let round = 0; round < rounds; round += 1) {
      const region = await gateway.describeRegion(trace());
      for (const [elbName, { members }] of region) {
        await gateway.describeMachines(members, trace());
        const [member] = members;
        if (member === undefined) continue;
        await Promise.all([
          gateway.describeLoadBalancer(elbName, trace()),
          gateway.describeMachines([member], trace()),
        ]);
        await gateway.deregister(elbName, [member], trace());
        await gateway.register(elbName, [member], trace());
      }
    }
  } finally {
    await aws.close();
  }
}
