import { DataAwsEc2InstanceType } from '@cdktf/provider-aws/lib/data-aws-ec2-instance-type';
import { DataAwsSsmParameter } from '@cdktf/provider-aws/lib/data-aws-ssm-parameter';
import { LaunchTemplate } from '@cdktf/provider-aws/lib/launch-template';
import { Construct } from 'constructs';
import { encodedUserData, type UserDataProps } from '../boot/user-data';
import type { HostsConfig } from '../config/config';

export interface HostTemplateProps {
  readonly name: string;
  readonly hosts: HostsConfig;
  readonly sshKeyName: string | undefined;
  readonly securityGroupId: string;
  readonly instanceProfileName: string;
  readonly boot: UserDataProps;
  readonly tags: Readonly<Record<string, string>>;
}

/** The launch template for every host: Amazon Linux 2023, which builds and runs the API at its first boot. */
export class HostTemplate extends Construct {
  readonly templateId: string;
  /** Every change of the template creates a new version. */
  readonly templateVersion: string;
  readonly vcpus: number;

  constructor(scope: Construct, id: string, props: HostTemplateProps) {
    super(scope, id);
    const image = new DataAwsSsmParameter(this, 'image', {
      name: `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${props.hosts.architecture}`,
    });
    const tags = { ...props.tags, Name: props.name };
    const template = new LaunchTemplate(this, 'template', {
      name: props.name,
      // The provider treats every parameter as a secret, but this parameter is not a SecureString.
      imageId: image.insecureValue,
      instanceType: props.hosts.instanceType,
      ...(props.sshKeyName !== undefined && { keyName: props.sshKeyName }),
      iamInstanceProfile: { name: props.instanceProfileName },
      vpcSecurityGroupIds: [props.securityGroupId],
      // One hop is sufficient, because builder.sh runs the container in the network of the host.
      metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
      ...(props.hosts.cpuCredits !== undefined && {
        creditSpecification: { cpuCredits: props.hosts.cpuCredits },
      }),
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: {
            encrypted: 'true',
            volumeType: 'gp3',
            volumeSize: props.hosts.volumeGb,
            deleteOnTermination: 'true',
          },
        },
      ],
      monitoring: { enabled: true },
      userData: encodedUserData(props.boot),
      updateDefaultVersion: true,
      // The provider's default tags do not apply to launched resources.
      tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
        resourceType,
        tags,
      })),
      tags: { Name: props.name },
    });
    this.vcpus = new DataAwsEc2InstanceType(this, 'type', {
      instanceType: props.hosts.instanceType,
    }).defaultVcpus;
    this.templateId = template.id;
    this.templateVersion = template.getStringAttribute('latest_version');
  }
}
