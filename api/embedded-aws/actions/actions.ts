import type { Service } from '../protocol/aws-error.ts';
import type { Region } from '../region/region.ts';
import type { Query } from '../protocol/wire.ts';
import { describeInstances } from './describe-instances.ts';
import { describeLoadBalancers } from './describe-load-balancers.ts';
import {
  deregisterInstances,
  describeInstanceHealth,
  describeLoadBalancerAttributes,
  registerInstances,
} from './load-balancer-members.ts';

/** Answers a call with the XML inside its result. @throws AwsError when AWS would refuse */
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

/** The action of that name, or undefined if it is not served. */
export function findAction(service: Service, name: string): Action | undefined {
  return Object.hasOwn(ACTIONS[service], name) ? ACTIONS[service][name] : undefined;
}
