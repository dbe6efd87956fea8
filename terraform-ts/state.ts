import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataAwsS3Objects } from '@cdktf/provider-aws/lib/data-aws-s3-objects';
import { Fn, LocalBackend, Op, S3Backend, TerraformSelf, type TerraformStack } from 'cdktf';
import type { Config } from './config/config';
import { ConfigError } from './config/environment';

/**
 * Returns the name of the stack, which is also the name of its folder in cdktf.out/stacks, so that each deployment has
 * its own `.terraform` folder.
 */
export function stackName({ serviceName, region }: Config): string {
  return `${serviceName}-${region}`;
}

/** Sets the backend for the Terraform state. */
export function addBackend(stack: TerraformStack, { state, serviceName, region }: Config): void {
  if (state) {
    const { keyIsDefault, ...bucket } = state;
    new S3Backend(stack, { ...bucket, encrypt: true });
    // Terraform supports S3 locking since version 1.10, but cdktf 0.21 has no property for it.
    stack.addOverride('terraform.backend.s3.use_lockfile', true);
    if (keyIsDefault) refuseFormerKey(stack, state, serviceName, region);
  } else {
    // Terraform runs in cdktf.out/stacks/NAME, which a synth may delete, so the state is stored with the sources. The
    // default of cdktf is an absolute path on this machine.
    new LocalBackend(stack, { path: `../../../${localState(serviceName, region)}` });
  }
}

/**
 * Makes a plan fail while the state is at the default key of earlier versions, which did not include the region. With
 * the new default key, Terraform would create all resources again.
 */
function refuseFormerKey(
  stack: TerraformStack,
  { bucket, key, region: bucketRegion }: NonNullable<Config['state']>,
  serviceName: string,
  region: string,
): void {
  const former = formerState(serviceName);
  new DataAwsS3Objects(stack, 'former-state', {
    bucket,
    prefix: former,
    region: bucketRegion,
    lifecycle: {
      postcondition: [
        {
          condition: Op.not(Fn.contains(TerraformSelf.getAny('keys'), former)),
          errorMessage:
            `The state is at the default STATE_KEY of earlier versions; if it is the state of ${region}, run: ` +
            `aws s3 mv --region ${bucketRegion} s3://${bucket}/${former} s3://${bucket}/${key} (otherwise to the key with its own region)`,
        },
      ],
    },
  });
}

/**
 * Throws a ConfigError if the local state is still in the file of earlier versions, whose name did not include the
 * region. With the new file, Terraform would create all resources again.
 */
export function refuseFormerFile({ state, serviceName, region }: Config, folder: string): void {
  const former = formerState(serviceName);
  if (state || !existsSync(join(folder, former)) || existsSync(join(folder, localState(serviceName, region))))
    return;
  const regionOfState = /"arn:[\w-]+:elasticloadbalancing:([\w-]+):/.exec(
    readFileSync(join(folder, former), 'utf8'),
  )?.[1];
  throw new ConfigError([
    `The state of ${serviceName} is in the file of earlier versions, whose name did not include the region; move it in terraform-ts/: ` +
      `mv ${former} ${localState(serviceName, regionOfState ?? region)} && rm -rf cdktf.out`,
  ]);
}

function localState(serviceName: string, region: string): string {
  return `${serviceName}.${region}.tfstate`;
}

/** Returns the name of the local file and of the default key in earlier versions. */
function formerState(serviceName: string): string {
  return `${serviceName}.tfstate`;
}
