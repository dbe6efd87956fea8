import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '../../../errors.ts';
import { GuessLimit } from '../../../http/server/guess-limit.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const from = (address: string) => ({ address }) as unknown as IncomingMessage;

describe('GuessLimit', () => {
  let clock: VirtualClock;
  let limit: GuessLimit;
  beforeEach(() => {
    clock = new VirtualClock();
    limit = new GuessLimit((request) => (request as unknown as { address: string }).address, clock);
  });

  /** Returns the error that `check` throws, or undefined if the client may try. */
  function failure(address: string): DomainError | undefined {
    try {
      limit.check(from(address));
      return undefined;
    } catch (error) {
      assert.ok(error instanceof DomainError && error.code === 'too_many_attempts', String(error));
      return error;
    }
  }
  const refuse = (address: string, times = 10) => {
    for (let n = 0; n < times; n += 1) limit.refused(from(address));
  };

  it('refuses an address after ten refusals, and no other address', () => {
    refuse('203.0.113.7', 9);
    assert.equal(failure('203.0.113.7'), undefined);
    refuse('203.0.113.7', 1);
    assert.equal(failure('203.0.113.7')?.details.retryAfterSeconds, 60);
    assert.equal(failure('203.0.113.8'), undefined);
  });

  it('accepts one more attempt when the first of the ten refusals is a minute old', async () => {
    refuse('203.0.113.7', 1);
    await clock.pass(30_000);
    refuse('203.0.113.7', 9);
    assert.match(failure('203.0.113.7')?.message ?? '', /wrong credentials; wait 30 s, then send/);
    await clock.pass(29_000);
    assert.equal(failure('203.0.113.7')?.details.retryAfterSeconds, 1);
    await clock.pass(1000);
    assert.equal(failure('203.0.113.7'), undefined);
    refuse('203.0.113.7', 1);
    assert.equal(failure('203.0.113.7')?.details.retryAfterSeconds, 30);
  });

  for (const [first, second, isSame] of [
    ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:ffff:ffff:ffff', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
    ['::1', '::2:3', true],
    ['1:2:3:4:5:6:7:8', '1:2:3:4::', true],
    ['fe80::1%eth0', 'fe80::2', true],
  ] as const)
    it(`counts ${first} and ${second} ${isSame ? 'together' : 'separately'}`, () => {
      refuse(first);
      assert.equal(failure(second) !== undefined, isSame);
    });

  it('has one line per minute for an address', async () => {
    refuse('203.0.113.7');
    const lines = () => Array.from({ length: 5 }, () => failure('203.0.113.7')?.details.unlogged);
    assert.deepEqual(lines(), [false, true, true, true, true]);
    await clock.pass(60_000);
    refuse('203.0.113.7');
    assert.deepEqual(lines(), [false, true, true, true, true]);
  });

  it('does not limit requests without an address, as on a Unix socket', () => {
    refuse('', 100);
    assert.equal(failure(''), undefined);
  });

  it('remembers at most 10,000 networks, and those with the latest requests', () => {
    refuse('203.0.113.7');
    for (let n = 0; n < 30_000; n += 1) {
      refuse(`2001:db8:${n.toString(16)}::1`, 1);
      if (n % 1000 === 0) failure('203.0.113.7');
    }
    assert.equal(limit.networks, 10_000);
    assert.notEqual(failure('203.0.113.7'), undefined);
  });
});
