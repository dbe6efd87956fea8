import assert from 'node:assert/strict';
import { variant } from './support/synthesized';

const backend = (name: string) => variant(name).json.terraform['backend'] as unknown;

describe('The state', () => {
  it('is a local file, by a path that holds for everybody', () => {
    assert.deepEqual(backend('default'), { local: { path: '../../../elb-inventory.tfstate' } });
  });

  it('is encrypted in S3 and locked by S3 itself, if a bucket is given', () => {
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
