import { type MachineInfo, parseInstanceId } from '../load-balancers/machine.ts';
import { textOf, timeOf, type XmlElement } from './xml-document.ts';

/** What is read of the 3 KB with which EC2 describes an instance. */
export const elementsOfInstances = new Set([
  ...['DescribeInstancesResponse', 'reservationSet', 'instancesSet', 'item', 'nextToken'],
  ...['instanceId', 'instanceType', 'launchTime', 'vpcId'],
  ...['placement', 'availabilityZone', 'instanceState', 'name'],
]);

/** A member of instancesSet; none where its id is not one of an instance. */
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
