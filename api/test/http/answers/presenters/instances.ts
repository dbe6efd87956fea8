import { type MachineInfo, parseInstanceId } from '../../../../load-balancers/instance.ts';

export const instance: MachineInfo = {
  instanceId: parseInstanceId('i-5203422c')!,
  instanceType: 't1.micro',
  launchDate: new Date('2016-08-29T11:12:33.001+02:00'),
};
/** The form in which the API returns `instance`. */
export const presented = {
  instanceId: 'i-5203422c',
  instanceType: 't1.micro',
  launchDate: '2016-08-29T09:12:33.001Z',
};
export const undescribed: MachineInfo = {
  instanceId: parseInstanceId('i-9a0c47d2')!,
  instanceType: undefined,
  launchDate: undefined,
};
