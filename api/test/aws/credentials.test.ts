import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Credentials } from '../../aws/credentials.ts';
import { startEmbeddedAws } from '../../embedded-aws/server.ts';
import { emptyFolder, messageOf, startServiceProcess } from '../support/service.ts';

const identity = (accessKeyId: string, expiration?: Date) => ({
  accessKeyId,
  secretAccessKey: 'secret',
  ...(expiration && { expiration }),
});

describe('Credentials', () => {
  it('are read once, and again where they have not changed for a second', async () => {
    let reads = 0;
    const credentials = new Credentials(() => Promise.resolve(identity(`key-${(reads += 1) > 0 ? 1 : 0}`)));
    await Promise.all([credentials.provider(), credentials.provider()]);
    await credentials.provider();
    assert.equal(reads, 1);
    assert.equal(await credentials.haveChangedSince(credentials.version), false);
    assert.equal(reads, 1);
  });

  it('are kept while they are valid and cannot be renewed', async () => {
    let reads = 0;
    const credentials = new Credentials(() => {
      reads += 1;
      return reads === 1
        ? Promise.resolve(identity('key', new Date(Date.now() + 60_000)))
        : Promise.reject(new Error('no'));
    });
    await credentials.provider();
    assert.equal((await credentials.provider()).accessKeyId, 'key');
    assert.equal(reads, 2);
  });

  for (const [code, header] of [
    ['ExpiredToken', 'an expired token'],
    ['InvalidClientTokenId', 'a deleted key'],
    ['AuthFailure', 'a deleted key, as EC2 says it'],
  ] as const)
    it(`are read again from the shared file after ${header}`, async () => {
      const file = join(emptyFolder(), 'credentials');
      const write = (key: string) => {
        writeFileSync(file, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`);
      };
      write('AKIAFIRSTFIRST00');
      const aws = await startEmbeddedAws();
      const service = await startServiceProcess(aws.url, {
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
        AWS_SHARED_CREDENTIALS_FILE: file,
      });
      try {
        const list = () => service.request('/elb/default-elb', { headers: { 'Cache-Control': 'no-cache' } });
        assert.equal((await list()).status, 200);
        await new Promise((resolve) => setTimeout(resolve, 1100));
        aws.faults.set([{ refuse: code, service: 'elb', count: 1 }]);
        const same = await list();
        assert.notEqual(same.status, 200);
        assert.match(await messageOf(same), new RegExp(code));
        await new Promise((resolve) => setTimeout(resolve, 1100));
        write('AKIASECONDSECOND');
        aws.faults.set([{ refuse: code, service: 'elb', count: 1 }]);
        assert.equal((await list()).status, 200);
      } finally {
        await service.close();
        await aws.close();
      }
    });
});
