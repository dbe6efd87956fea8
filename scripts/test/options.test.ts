import assert from 'node:assert/strict';
import { readCapacityOptions, UsageError } from '../measure/options.ts';

const token = Buffer.from('user:password').toString('base64');
const read = (...args: string[]) => readCapacityOptions(args, ['seed', 'mixed'], undefined);
const remote = (...args: string[]) => {
  const options = read('--url', 'http://elb.example.com/', '--token', token, ...args);
  return options === 'help' ? undefined : options.remote;
};

describe('the options of npm run capacity', () => {
  const refusals: [string, string[], RegExp][] = [
    ['an unknown option', ['--fast'], /--fast/],
    ['an unknown scenario', ['--only', 'seed,sead'], /no scenario "sead"; --only accepts seed, mixed/],
    ['a tolerance above 1', ['--tolerance', '15'], /--tolerance must be a number.*"15"/],
    ['an empty tolerance', ['--tolerance='], /--tolerance must be a number/],
    [
      'an address without a scheme',
      ['--url', 'elb.example.com', '--token', token],
      /--url must be an address/,
    ],
    ['an address with a path', ['--url', 'http://elb.example.com/elb', '--token', token], /--url must be/],
    ['an address without credentials', ['--url', 'http://elb.example.com'], /requires --token/],
    [
      'credentials that are not base64',
      ['--url', 'http://a.example', '--token', 'user:password'],
      /base64 of/,
    ],
    ['credentials without a colon', ['--url', 'http://a.example', '--token', 'dXNlcg=='], /base64 of/],
    ['an option for a deployed service without --url', ['--writes'], /--writes applies only to.*--url/],
    [
      'writes without a load balancer',
      ['--url', 'http://a.example', '--token', token, '--writes', '--instance', 'i-1'],
      /--elb/,
    ],
    [
      'writes without an instance',
      ['--url', 'http://a.example', '--token', token, '--writes', '--elb', 'a'],
      /--instance/,
    ],
    [
      'an instance without writes',
      ['--url', 'http://a.example', '--token', token, '--instance', 'i-1'],
      /--writes/,
    ],
    [
      'a rate of 0',
      ['--url', 'http://a.example', '--token', token, '--max-rate', '0'],
      /--max-rate must be a whole/,
    ],
  ];
  for (const [what, args, message] of refusals) {
    it(`refuse ${what} with one line`, () => {
      assert.throws(
        () => read(...args),
        (error) =>
          error instanceof UsageError && message.test(error.message) && !error.message.includes('\n'),
      );
    });
  }

  it('select all scenarios on this machine by default', () => {
    const options = { quick: false, only: undefined, out: 'capacity', compare: undefined, tolerance: 0.15 };
    assert.deepEqual(read(), { ...options, remote: undefined });
  });

  it('limit a deployed service to 200 requests per second by default', () => {
    assert.equal(remote()?.maxRate, 200);
    assert.equal(remote('--max-rate', '50')?.maxRate, 50);
    assert.equal(remote('--yes')?.maxRate, undefined);
  });

  it('allow no changes of a deployed service without --writes', () => {
    assert.equal(remote('--elb', 'web')?.instance, undefined);
    assert.equal(remote('--elb', 'web', '--writes', '--instance', 'i-1')?.instance, 'i-1');
  });

  it('take the token from the environment', () => {
    const options = readCapacityOptions(['--url', 'http://elb.example.com'], [], token);
    assert.equal(options === 'help' ? '' : options.remote?.authorization, `Basic ${token}`);
  });
});
