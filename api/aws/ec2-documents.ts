import { type MachineInfo, parseInstanceId } from '../load-balancers/instance.ts';
import { textOf, timeOf, type XmlElement } from './xml-document.ts';

/** The elements to read. The other elements make up most of the 3 KB per instance in the EC2 response. */
export const elementsOfInstances = new Set([
  ...['DescribeInstancesResponse', 'reservationSet', 'instancesSet', 'item', 'nextToken'],
  ...['instanceId', 'instanceType', 'launchTime', 'vpcId'],
  ...['placement', 'availabilityZone', 'instanceState', 'name'],
]);

/** Converts a member of instancesSet. Returns an empty list if its id is not an instance id. */
export function toMachineInfo(instance: XmlElement): MachineInfo[] {
  const instanceId = parseInstanceId(textOf(instance, 'instanceId') ?? '');
  if (instanceId === undefined) return [];
  return [
    {
      instanceId,
      instanceType: textOf(instance, 'instanceType'),
      launchDate: timeOf(instance, 'launchTime'),
      availabilityZone: textOf(instance, 'placement', 'availabilityZone'),
      vpcId: textOf(instance, 'vpcId'),
      state: textOf(instance, 'instanceState', 'name'),
    },
  ];
}
