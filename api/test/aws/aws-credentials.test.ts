import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsCredentials, type Identity } from '../../aws/aws-credentials.ts';
import { startEmbeddedAws } from '../../embedded-aws/server.ts';
import { emptyFolder, messageOf, startServiceProcess } from '../support/service.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const identity = (accessKeyId: string, expiration?: Date) => ({
  accessKeyId,
  secretAccessKey: 'secret',
  ...(expiration && { expiration }),
});

/** Returns credentials with scripted readings, and their clock and log. */
function scripted(...results: (() => Promise<Identity>)[]) {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const log = { readings: 0, warnings };
  const begin = () => {
    log.readings += 1;
    const identity = results[Math.min(log.readings, results.length) - 1]!();
    return { identity, source: 'the source' };
  };
  const logger = {
    info: () => undefined,
    warn: (_fields: object, message: string) => warnings.push(message),
  };
  return { credentials: new AwsCredentials(begin, { timeoutMs: 15_000, logger, clock }), clock, log };
}

const never = () => new Promise<never>(() => undefined);
const soon = () => Promise.resolve(identity('key', new Date(Date.now() + 60_000)));
const failing = () => Promise.reject(new Error('no'));

describe('AwsCredentials', () => {
  it('are read once, and again on haveChangedSince after a second', async () => {
    const { credentials, log, clock } = scripted(() => Promise.resolve(identity('key-1')));
    await Promise.all([credentials.provider(), credentials.provider()]);
    await credentials.provider();
    assert.equal(log.readings, 1);
    assert.equal(await credentials.haveChangedSince(credentials.version), false);
    assert.equal(log.readings, 1);
    await clock.pass(1000);
    assert.equal(await credentials.haveChangedSince(credentials.version), false);
    assert.equal(log.readings, 2);
  });

  for (const [what, renewal] of [
    ['their renewal fails', failing],
    ['their renewal hangs', never],
  ] as const)
    it(`are returned immediately while they are valid and ${what}`, async () => {
      const { credentials, log, clock } = scripted(soon, renewal);
      await credentials.provider();
      await clock.pass(1000);
      assert.equal((await credentials.provider()).accessKeyId, 'key');
      assert.equal((await credentials.provider()).accessKeyId, 'key');
      assert.equal(log.readings, 2);
    });

  it('log a warning with the source after 3 s and time out after 15 s', async () => {
    const { credentials, log, clock } = scripted(never);
    const failed = assert.rejects(
      credentials.provider(),
      /^CredentialsFailure: the source did not respond within 15 s/,
    );
    await clock.pass(2999);
    assert.deepEqual(log.warnings, []);
    await clock.pass(2);
    assert.deepEqual(log.warnings, [
      'waiting for AWS credentials from the source for 3 s; the timeout is 15 s',
    ]);
    assert.match(String(credentials.overdue), /the source did not respond within 3 s/);
    await clock.pass(12_000);
    await failed;
  });

  it('are not read again within a minute after a reading timed out', async () => {
    const { credentials, log, clock } = scripted(never, () => Promise.resolve(identity('key')));
    const given = assert.rejects(credentials.provider());
    await clock.pass(15_001);
    await given;
    await assert.rejects(credentials.provider(), /did not respond within 15 s/);
    assert.equal(log.readings, 1);
    await clock.pass(60_000);
    assert.equal((await credentials.provider()).accessKeyId, 'key');
  });

  it('come from a reading that completes after its timeout', async () => {
    let end: (given: Identity) => void = () => undefined;
    const { credentials, log, clock } = scripted(() => new Promise((resolve) => (end = resolve)));
    const given = assert.rejects(credentials.provider());
    await clock.pass(15_001);
    await given;
    end(identity('key'));
    await clock.pass(1);
    assert.equal((await credentials.provider()).accessKeyId, 'key');
    assert.equal(log.readings, 1);
  });

  it('are read at most once per second after a failure', async () => {
    const { credentials, log, clock } = scripted(failing);
    await assert.rejects(credentials.provider());
    await assert.rejects(credentials.provider(), /no/);
    assert.equal(log.readings, 1);
    await clock.pass(1000);
    await assert.rejects(credentials.provider());
    assert.equal(log.readings, 2);
  });

  for (const [code, header] of [
    ['ExpiredToken', 'an expired token'],
    ['InvalidClientTokenId', 'a deleted key'],
    ['AuthFailure', 'a deleted key, as EC2 reports it'],
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
