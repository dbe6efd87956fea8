import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { Freshness, Inventory } from './inventory.ts';
import type { ElbName } from './machine.ts';
import type { LoadBalancerList, MachineList } from './picture.ts';

/** Lists load balancers and their instances. */
export class LoadBalancerService {
  readonly #inventory: Inventory;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** Returns the list where it can be had at `now`, without asking AWS; else undefined. */
  readyList(elbName: ElbName, now: number): MachineList | undefined {
    return this.#inventory.ready(elbName, now);
  }

  /** Returns the members in AWS's order. Throws `elb_not_found`, and what the gateway throws. */
  listMachines(elbName: ElbName, freshness: Freshness, trace: AwsTrace): Promise<MachineList> {
    return this.#inventory.list(elbName, freshness, trace);
  }

  /** Returns the load balancers of the region, sorted by name. Throws what the gateway throws. */
  listLoadBalancers(freshness: Freshness, trace: AwsTrace): Promise<LoadBalancerList> {
    return this.#inventory.loadBalancers(freshness, trace);
  }
}
