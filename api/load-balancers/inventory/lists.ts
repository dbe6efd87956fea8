import type { MachineInfo } from '../instance.ts';
import type { LoadBalancer } from '../load-balancer.ts';

/** The members of a load balancer and their age. Times are on the scale of `Clock.now()`. */
export interface InstanceList {
  readonly instances: readonly MachineInfo[];
  /** Changes with the content, and is unique in the process; equal lists can have different revisions. */
  readonly revision: number;
  /** When the call that listed the members was sent. */
  readonly asOf: number;
  /** The time until which the list is served without a call. */
  readonly freshUntil: number;
  /** `hit`: from the cache and fresh. `stale`: from the cache, because AWS fails. Otherwise the reason for a call. */
  readonly how: 'hit' | 'stale' | 'miss-unknown' | 'miss-expired' | 'miss-on-request';
}

/** The load balancers of the region, sorted by name, and their age. */
export interface LoadBalancerList extends Omit<InstanceList, 'instances'> {
  readonly loadBalancers: readonly LoadBalancer[];
}
