import type { MachineInfo } from '../instance.ts';
import type { LoadBalancer } from '../load-balancer.ts';

/** The members of a load balancer and their age. Times are on the time scale of `Clock.now()`. */
export interface InstanceList {
  readonly instances: readonly MachineInfo[];
  /** Increases whenever the content changes, and is unique in the process. Equal lists can have different revisions. */
  readonly revision: number;
  /** The time at which the call that listed the members was sent. */
  readonly asOf: number;
  /** The time until which the list is returned without an AWS call. */
  readonly freshUntil: number;
  /**
   * `hit` means that the cached list was fresh. `stale` means that an older cached list was used because AWS calls
   * fail. The other values are reasons for an AWS call.
   */
  readonly how: 'hit' | 'stale' | 'miss-unknown' | 'miss-expired' | 'miss-on-request';
}

/** The load balancers in the region, sorted by name, and their age. */
export interface LoadBalancerList extends Omit<InstanceList, 'instances'> {
  readonly loadBalancers: readonly LoadBalancer[];
}
