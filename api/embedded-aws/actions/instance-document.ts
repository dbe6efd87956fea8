import { createHash } from 'node:crypto';
import { STATE_CODES, type Instance } from '../region/instance.ts';
import { ACCOUNT_ID } from '../region/vpcs.ts';

const GROUPS = { item: { groupId: 'sg-0f2c3d4e5a6b70899', groupName: 'web' } };

/** Constant and unique values that are derived from the id and the position of the instance. */
interface Details {
  readonly hex: string;
  readonly attached: string;
  readonly privateIp: string;
  readonly privateDns: string;
  readonly publicIp: string;
  readonly publicDns: string;
}

/** Returns the content of a reservation. It is as large as in EC2 (EC2 API reference, Instance). */
export function instanceDocument(instance: Instance): object {
  const details = detailsOf(instance);
  return {
    reservationId: `r-0${details.hex.slice(0, 16)}`,
    ownerId: ACCOUNT_ID,
    groupSet: '',
    instancesSet: {
      item: {
        ...identity(instance),
        ...power(instance, details),
        ...(instance.state === 'terminated' ? {} : network(instance, details)),
        ...hardware(details),
      },
    },
    requesterId: '940372691376',
  };
}

function identity(instance: Instance): object {
  return {
    instanceId: instance.instanceId,
    imageId: 'ami-0c94855ba95c71c99',
    keyName: 'operations',
    amiLaunchIndex: 0,
    productCodes: '',
    instanceType: instance.instanceType,
    launchTime: new Date(instance.launchTime).toISOString(),
    placement: { availabilityZone: instance.availabilityZone, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    tagSet: {
      item: [
        { key: 'Name', value: instance.name },
        { key: 'environment', value: 'sample' },
        { key: 'service', value: 'web' },
      ],
    },
  };
}

function power({ state }: Instance, { publicIp, publicDns }: Details): object {
  const instanceState = { code: STATE_CODES[state], name: state };
  if (state === 'running') return { instanceState, reason: '', dnsName: publicDns, ipAddress: publicIp };
  if (state === 'pending') return { instanceState, reason: '', dnsName: '' };
  const code = 'Client.UserInitiatedShutdown';
  const stateReason = { code, message: `${code}: User initiated shutdown` };
  return { instanceState, reason: 'User initiated', dnsName: '', stateReason };
}

function network(
  instance: Instance,
  { hex, attached, privateIp, privateDns, publicIp, publicDns }: Details,
): object {
  const { subnetId, vpcId, state } = instance;
  const association =
    state === 'running' ? { publicIp, publicDnsName: publicDns, ipOwnerId: 'amazon' } : undefined;
  return {
    privateDnsName: privateDns,
    privateIpAddress: privateIp,
    subnetId,
    vpcId,
    sourceDestCheck: true,
    groupSet: GROUPS,
    networkInterfaceSet: {
      item: {
        networkInterfaceId: `eni-0${hex.slice(16, 32)}`,
        subnetId,
        vpcId,
        description: 'Primary network interface',
        ownerId: ACCOUNT_ID,
        status: 'in-use',
        macAddress: `02${hex.slice(32, 42).replace(/../g, ':$&')}`,
        privateIpAddress: privateIp,
        privateDnsName: privateDns,
        sourceDestCheck: true,
        groupSet: GROUPS,
        attachment: {
          attachmentId: `eni-attach-0${hex.slice(42, 58)}`,
          deviceIndex: 0,
          networkCardIndex: 0,
          status: 'attached',
          attachTime: attached,
          deleteOnTermination: true,
        },
        association,
        privateIpAddressesSet: {
          item: { privateIpAddress: privateIp, privateDnsName: privateDns, primary: true, association },
        },
        ipv6AddressesSet: '',
        interfaceType: 'interface',
      },
    },
    privateDnsNameOptions: {
      hostnameType: 'ip-name',
      enableResourceNameDnsARecord: false,
      enableResourceNameDnsAAAARecord: false,
    },
  };
}

function hardware({ hex, attached }: Details): object {
  return {
    architecture: 'x86_64',
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    blockDeviceMapping: {
      item: {
        deviceName: '/dev/xvda',
        ebs: {
          volumeId: `vol-0${hex.slice(8, 24)}`,
          status: 'attached',
          attachTime: attached,
          deleteOnTermination: true,
        },
      },
    },
    virtualizationType: 'hvm',
    clientToken: '',
    hypervisor: 'xen',
    iamInstanceProfile: {
      arn: `arn:aws:iam::${ACCOUNT_ID}:instance-profile/web`,
      id: 'AIPAJBCTLLNGN7MMCOT3M',
    },
    ebsOptimized: false,
    enaSupport: true,
    cpuOptions: { coreCount: 1, threadsPerCore: 2 },
    capacityReservationSpecification: { capacityReservationPreference: 'open' },
    hibernationOptions: { configured: false },
    metadataOptions: {
      state: 'applied',
      httpTokens: 'required',
      httpPutResponseHopLimit: 2,
      httpEndpoint: 'enabled',
      httpProtocolIpv6: 'disabled',
      instanceMetadataTags: 'disabled',
    },
    enclaveOptions: { enabled: false },
    platformDetails: 'Linux/UNIX',
    usageOperation: 'RunInstances',
    usageOperationUpdateTime: attached,
    maintenanceOptions: { autoRecovery: 'default' },
    currentInstanceBootMode: 'legacy-bios',
  };
}

function detailsOf({ instanceId, ordinal, launchTime }: Instance): Details {
  const host = `${1 + Math.floor(ordinal / 250)}.${4 + (ordinal % 250)}`;
  const privateIp = `10.0.${host}`;
  const publicIp = `54.210.${host}`;
  return {
    hex: createHash('sha256').update(instanceId).digest('hex'),
    attached: new Date(launchTime - (launchTime % 1000)).toISOString(),
    privateIp,
    privateDns: `ip-${privateIp.replaceAll('.', '-')}.ec2.internal`,
    publicIp,
    publicDns: `ec2-${publicIp.replaceAll('.', '-')}.compute-1.amazonaws.com`,
  };
}
