import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config/config';
import type { Env } from '../config/environment';
import { refuseFormerFile, stackName } from '../state';
import { synthesize, variant } from './support/synthesized';
import { source } from './support/variants';

const backend = (name: string) => variant(name).json.terraform['backend'] as unknown;

describe('The state', () => {
  const folder = mkdtempSync(join(tmpdir(), 'state-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const refuse = (env: Env = {}) => {
    refuseFormerFile(readConfig({ ...source, ...env }), folder);
  };

  it('is refused in the file of earlier versions, with the command that moves it', () => {
    assert.doesNotThrow(refuse);
    writeFileSync(join(folder, 'elb-inventory.tfstate'), '{}');
    assert.throws(refuse, /mv elb-inventory\.tfstate elb-inventory\.us-east-1\.tfstate && rm -rf cdktf\.out/);
  });

  it('of earlier versions moves to the file of its own region', () => {
    const state = '{"resources":[{"arn":"arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/x"}]}';
    writeFileSync(join(folder, 'elb-inventory.tfstate'), state);
    assert.throws(refuse, /mv elb-inventory\.tfstate elb-inventory\.eu-west-1\.tfstate/);
  });

  it('of another service, or in a bucket, does not matter', () => {
    assert.doesNotThrow(() => {
      refuse({ SERVICE_NAME: 'other' });
      refuse({ STATE_BUCKET: 'example-terraform-state' });
    });
  });

  it('is accepted once its new file exists', () => {
    writeFileSync(join(folder, 'elb-inventory.us-east-1.tfstate'), '{}');
    assert.doesNotThrow(refuse);
  });

  it('is a local file with a relative path', () => {
    assert.deepEqual(backend('default'), {
      local: { path: '../../../elb-inventory.us-east-1.tfstate' },
    });
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

  it('and its folder differ for each service and region, with and without a bucket', () => {
    const places = [{}, { SERVICE_NAME: 'other' }, { AWS_REGION: 'eu-west-1' }].map((env) => {
      const bucket = { ...env, STATE_BUCKET: 'example-terraform-state' };
      const where = (each: Env) => JSON.stringify(synthesize(each).json.terraform['backend']);
      return [where(env), where(bucket), stackName(readConfig({ ...source, ...env }))];
    });
    for (const at of [0, 1, 2]) assert.equal(new Set(places.map((place) => place[at])).size, 3);
    assert.match(String(places[0]?.[1]), /"key":"elb-inventory\/us-east-1\.tfstate"/);
  });

  it('is looked for at the default key of earlier versions, in the region of the bucket', () => {
    const stack = synthesize({ STATE_BUCKET: 'example-terraform-state', STATE_REGION: 'eu-west-1' });
    const [former, ...others] = Object.values(stack.json.data['aws_s3_objects'] ?? {});
    assert.deepEqual(others, []);
    assert.deepEqual(
      [former?.['bucket'], former?.['prefix'], former?.['region']],
      ['example-terraform-state', 'elb-inventory.tfstate', 'eu-west-1'],
    );
    assert.equal(variant('everything').json.data['aws_s3_objects'], undefined, 'STATE_KEY is set');
  });
});
