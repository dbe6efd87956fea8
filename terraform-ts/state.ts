import { LocalBackend, S3Backend, type TerraformStack } from 'cdktf';
import type { Config } from './config/config';

/** Sets the backend for Terraform's state. */
export function addBackend(stack: TerraformStack, { state, serviceName }: Config): void {
  if (state) {
    new S3Backend(stack, { ...state, encrypt: true });
    // S3 locking, in Terraform since 1.10; cdktf 0.21 has no property for it.
    stack.addOverride('terraform.backend.s3.use_lockfile', true);
  } else {
    // Terraform runs in cdktf.out/stacks/NAME, which a synth may delete, so the state is beside the sources. The default
    // of cdktf is an absolute path of this machine.
    new LocalBackend(stack, { path: `../../../${serviceName}.tfstate` });
  }
}
