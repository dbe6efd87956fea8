import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { InstanceId } from './instance.ts';
import type { LoadBalancerGateway } from './load-balancer-gateway.ts';

/** For a filter with an id that does not exist, EC2 returns an empty list. */
const noInstance = 'i-00000000' as InstanceId;

/**
 * Makes one AWS call of each kind that reads require, without using the cache. If the region has no load balancers,
 * omits the health and attribute calls, which require one. Throws the DomainError of the first call that fails.
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

/** The load balancer can be deleted between two calls. Even then, AWS has responded. */
function ignoreDeleted(error: unknown): void {
  if (!(error instanceof DomainError) || error.code !== 'elb_not_found') throw error;
}
