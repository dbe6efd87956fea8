import { DomainError } from '../errors.ts';
import type { Condition, MemberHealth } from '../load-balancers/member-health.ts';
import type { HealthCheck, Listener, LoadBalancerDescription } from '../load-balancers/load-balancer.ts';
import type { InstanceId, Members } from '../load-balancers/instance.ts';
import { childrenOf, textOf, timeOf, wholeNumberOf, type XmlElement } from './xml-document.ts';

/**
 * Returns the text of an element that AWS always sends. Throws `aws_failed` if the element is missing, because skipping
 * an entry without an id would result in an incomplete list.
 */
export function requiredText(element: XmlElement, name: string): string {
  const text = textOf(element, name);
  if (text !== undefined) return text;
  throw new DomainError('aws_failed', `the response from AWS is incomplete: an entry has no ${name}`, {
    advice: 'try again in a few seconds',
  });
}

/** Returns the listed members in order, without duplicates. moto lists an instance twice if it was registered twice. */
export function toMembers(element: XmlElement): Members {
  const ids = childrenOf(element, 'Instances').map((member) => requiredText(member, 'InstanceId'));
  return [...new Set(ids)] as InstanceId[];
}

/** Converts a member of LoadBalancerDescriptions. */
export function toDescription(element: XmlElement): LoadBalancerDescription {
  return {
    members: toMembers(element),
    traits: {
      dnsName: textOf(element, 'DNSName'),
      scheme: textOf(element, 'Scheme'),
      vpcId: textOf(element, 'VPCId'),
      availabilityZones: childrenOf(element, 'AvailabilityZones').map(({ text }) => text),
      listeners: childrenOf(element, 'ListenerDescriptions').map(toListener),
      healthCheck: toHealthCheck(element.children.find(({ name }) => name === 'HealthCheck')),
      createdDate: timeOf(element, 'CreatedTime'),
    },
  };
}

function toListener(element: XmlElement): Listener {
  const protocol = textOf(element, 'Listener', 'Protocol') ?? '';
  return {
    protocol,
    loadBalancerPort: wholeNumberOf(element, 'Listener', 'LoadBalancerPort'),
    instanceProtocol: textOf(element, 'Listener', 'InstanceProtocol') ?? protocol,
    instancePort: wholeNumberOf(element, 'Listener', 'InstancePort'),
  };
}

function toHealthCheck(element: XmlElement | undefined): HealthCheck | undefined {
  const target = element === undefined ? undefined : textOf(element, 'Target');
  if (element === undefined || target === undefined) return undefined;
  return {
    target,
    intervalSeconds: wholeNumberOf(element, 'Interval'),
    timeoutSeconds: wholeNumberOf(element, 'Timeout'),
    unhealthyThreshold: wholeNumberOf(element, 'UnhealthyThreshold'),
    healthyThreshold: wholeNumberOf(element, 'HealthyThreshold'),
  };
}

/**
 * AWS has no codes for these conditions, and reports a draining member as `InService`. The strings are the values of
 * `Description` (InstanceState in the ELB service model).
 */
const conditions: Readonly<Record<string, Condition>> = {
  'Instance registration is still in progress.': 'registering',
  'Instance deregistration currently in progress.': 'draining',
  'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.':
    'failing-checks',
  'Instance has not passed the configured HealthyThreshold number of health checks consecutively.':
    'failing-checks',
  'Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.':
    'zone-disabled',
  'Disable Availability Zone is currently in progress.': 'zone-disabled',
  'Instance is not currently registered with the LoadBalancer.': 'not-registered',
  'Instance is in pending state.': 'not-running',
  'Instance is in stopped state.': 'not-running',
  'Instance is in terminated state.': 'not-running',
};

/** Converts a member of InstanceStates. */
export function toHealth(element: XmlElement): MemberHealth {
  const state = textOf(element, 'State') ?? 'Unknown';
  const description = textOf(element, 'Description') ?? 'N/A';
  return {
    instanceId: requiredText(element, 'InstanceId') as InstanceId,
    state,
    reasonCode: textOf(element, 'ReasonCode') ?? 'N/A',
    description,
    condition: conditions[description] ?? (state === 'InService' ? 'in-service' : 'unknown'),
  };
}
