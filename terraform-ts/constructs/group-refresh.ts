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
 * Moves the group to each new version of the template, during the apply. AWS sets the version of the group when the refresh
 * has succeeded, so a rollback and a replacement of a host use the previous version. The provider's `instance_refresh`
 * sets the version first (resourceGroupUpdate of terraform-provider-aws; its issue 34189).
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
        // The first refresh of a new group, and a repeated one, keep the hosts that have the version.
        SkipMatching: true,
        // A deploy in progress has hosts in Standby; the refresh waits for them, at most an hour.
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
