import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { InstanceId } from './instance.ts';
import type { LoadBalancerGateway } from './load-balancer-gateway.ts';

/** EC2 returns an empty list for a filter with an id that does not exist. */
const noInstance = 'i-00000000' as InstanceId;

/**
 * Makes one AWS call of each kind that reads need, without the cache. Health and attributes need a load balancer; without
 * any in the region, those calls are omitted. Throws the DomainError of the first call that fails.
 */
export async function checkReads(gateway: LoadBalancerGateway, trace: AwsTrace): Promise<void> {
  const [first] = await gateway.describeRegion(trace);
  const member = first?.[1].members[0] ?? noInstance;
  const calls: Promise<unknown>[] = [gateway.describeInstances([member], trace)];
  if (first !== undefined) {
    const [elbName] = first;
    calls.push(gateway.describeHealth(elbName, undefined, 'ordinary', trace).catch(ignoreDeleted));
    calls.push(gateway.describeDraining(elbName, trace).catch(ignoreDeleted));
  }
  await Promise.all(calls);
}

/** The load balancer can be deleted between two calls; even then, AWS has responded. */
function ignoreDeleted(error: unknown): void {
  if (!(error instanceof DomainError) || error.code !== 'elb_not_found') throw error;
}
