import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataResource, type ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { HostTemplate } from './host-template';

export interface GroupRefreshProps {
  readonly region: string;
  readonly groupName: string;
  readonly group: ITerraformDependable;
  readonly template: HostTemplate;
}

const script = readFileSync(join(__dirname, 'group-refresh.sh'), 'utf8');

/**
 * Switches the group to each new version of the template during the apply. AWS sets the version of the group when the
 * refresh has succeeded, so a rollback or the replacement of a host uses the previous version. `instance_refresh` of
 * the provider sets the version first (resourceGroupUpdate in terraform-provider-aws; issue 34189).
 */
export class GroupRefresh extends Construct {
  readonly resource: ITerraformDependable;

  constructor(scope: Construct, id: string, { region, groupName, group, template }: GroupRefreshProps) {
    super(scope, id);
    const version = template.templateVersion;
    const refresh = {
      AutoScalingGroupName: groupName,
      Strategy: 'Rolling',
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: template.templateId, Version: version } },
      Preferences: {
        MinHealthyPercentage: 100,
        MaxHealthyPercentage: 200,
        AutoRollback: true,
        // The first refresh of a new group, and a repeated refresh, keep the hosts that already have the version.
        SkipMatching: true,
        // During a redeploy, hosts are in Standby. The refresh waits for them for at most one hour.
        StandbyInstances: 'Wait',
      },
    };
    this.resource = new DataResource(this, 'refresh', {
      triggersReplace: { template: template.templateId, version },
      provisioners: [
        {
          type: 'local-exec',
          // Terraform prints the command, but not the environment.
          command: 'bash -c "$SCRIPT"',
          environment: {
            SCRIPT: script,
            REFRESH: JSON.stringify(refresh),
            GROUP: groupName,
            VERSION: version,
            REGION: region,
            POLL_SECONDS: '15',
          },
        },
      ],
      dependsOn: [group],
    });
  }
}
