import assert from 'node:assert/strict';
import { variant } from './support/synthesized';

const backend = (name: string) => variant(name).json.terraform['backend'] as unknown;

describe('The state', () => {
  it('is a local file with a relative path', () => {
    assert.deepEqual(backend('default'), { local: { path: '../../../elb-inventory.tfstate' } });
  });

  it('is encrypted and locked in S3 if a bucket is configured', () => {
    assert.deepEqual(backend('everything'), {
      s3: {
        bucket: 'example-terraform-state',
        key: 'prod/inventory.tfstate',
        region: 'eu-west-1',
        encrypt: true,
        use_lockfile: true,
      },
    });
  });
});
