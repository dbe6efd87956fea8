import { LocalBackend, S3Backend, type TerraformStack } from 'cdktf';
import type { Config } from './config/config';

/** Where Terraform keeps its state. */
export function addBackend(stack: TerraformStack, { state, serviceName }: Config): void {
  if (state) {
    new S3Backend(stack, { ...state, encrypt: true });
    // S3's own locking, in Terraform since 1.10; cdktf 0.21 has no property for it.
    stack.addOverride('terraform.backend.s3.use_lockfile', true);
  } else {
    // Terraform runs in cdktf.out/stacks/NAME, which a synth may sweep: the file stays beside the sources. Left alone,
    // cdktf would write the absolute path of whoever synthesizes.
    new LocalBackend(stack, { path: `../../../${serviceName}.tfstate` });
  }
}
