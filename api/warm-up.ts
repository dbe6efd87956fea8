import { ClassicElbGateway } from './aws/classic-elb-gateway.ts';
import { createAwsClients } from './aws/clients.ts';
import type { Config } from './config/config.ts';
import { startEmbeddedAws } from './embedded-aws/server.ts';
import { AwsLedger } from './telemetry/aws-ledger.ts';
import { type AwsTrace, startTrace } from './telemetry/aws-trace.ts';
import type { Clock } from './clock.ts';

/**
 * After 3 rounds, the first read takes 2.5 times as long as an AWS call; after 8 rounds, 2.35 times as long (`npm run
 * bench`).
 */
const rounds = 8;

/** The rates are so high that no call waits. */
const budget = { elbReadsPerSecond: 1000, ec2ReadsPerSecond: 1000 };

/**
 * Makes every kind of AWS call several times against a separate instance of the embedded AWS. On first use, Node.js
 * compiles the SDK and the SDK builds its schemas, which takes longer than an AWS call. No request leaves the process.
 */
export async function warmUp(config: Config, clock: Clock): Promise<void> {
  const aws = await startEmbeddedAws({ region: config.region, clock });
  try {
    const credentials = { accessKeyId: 'warm-up', secretAccessKey: 'warm-up' };
    const clients = createAwsClients({ ...config, endpoint: aws.url, credentials, embedded: true, clock });
    const gateway = new ClassicElbGateway(clients, new AwsLedger(clock), budget, clock);
    const trace = (): AwsTrace => startTrace(clock, config.deadlineMs);
    for (let round = 0; round < rounds; round += 1) {
      const region = await gateway.describeRegion(trace());
      for (const [elbName, { members }] of region) {
        await gateway.describeInstances(members, trace());
        const [member] = members;
        if (member === undefined) continue;
        await Promise.all([
          gateway.describeLoadBalancer(elbName, trace()),
          gateway.describeInstances([member], trace()),
        ]);
        await gateway.deregister(elbName, [member], trace());
        await gateway.register(elbName, [member], trace());
      }
    }
  } finally {
    await aws.close();
  }
}
