import type { Service } from '../protocol/aws-error.ts';
import type { Region } from '../region/region.ts';
import type { Query } from '../protocol/query-protocol.ts';
import { describeInstances } from './describe-instances.ts';
import { describeLoadBalancers } from './describe-load-balancers.ts';
import {
  deregisterInstances,
  describeInstanceHealth,
  describeLoadBalancerAttributes,
  registerInstances,
} from './load-balancer-members.ts';

/** Returns the XML inside the result of a call. Throws an AwsError if AWS would reject the call. */
export type Action = (region: Region, query: Query) => string;

const ACTIONS: Readonly<Record<Service, Readonly<Record<string, Action>>>> = {
  elb: {
    DescribeLoadBalancers: describeLoadBalancers,
    DescribeLoadBalancerAttributes: describeLoadBalancerAttributes,
    DescribeInstanceHealth: describeInstanceHealth,
    RegisterInstancesWithLoadBalancer: registerInstances,
    DeregisterInstancesFromLoadBalancer: deregisterInstances,
  },
  ec2: { DescribeInstances: describeInstances },
};

/** Returns the action, or undefined if it is not supported. */
export function findAction(service: Service, name: string): Action | undefined {
  return Object.hasOwn(ACTIONS[service], name) ? ACTIONS[service][name] : undefined;
}
