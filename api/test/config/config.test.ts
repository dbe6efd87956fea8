import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { sampleToken } from '../../config/api-tokens.ts';
import {
  type Config,
  type ConfigInputs,
  readConfig as readConfigFor,
  warningsOf,
} from '../../config/config.ts';
import { ConfigError } from '../../errors.ts';
import { privateNetworks } from '../../config/networks.ts';
import { settingNames } from '../../config/setting-names.ts';

const readConfig = (env: Record<string, string>, nodeVersion = '24.0.0', inputs?: ConfigInputs) =>
  readConfigFor(env, nodeVersion, inputs);
/** Returns inputs that contain only these files. */
const disk = (files: Record<string, string>): ConfigInputs => ({
  readFile: (path) => files[path] ?? assert.fail(Object.assign(new Error(path), { code: 'ENOENT' })),
});
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const good = base64('tester:secret-word');
const unpadded = (token: string) => token.replace(/=+$/, '');

/** Returns the errors for this environment. Fails if there are none. */
function faultsOf(env: Record<string, string>, inputs?: ConfigInputs): readonly string[] {
  try {
    readConfig(env, undefined, inputs);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    for (const fault of error.faults) assert.ok(error.message.includes(fault));
    return error.faults;
  }
  return assert.fail(`no fault was found in ${JSON.stringify(env)}`);
}

describe('readConfig', () => {
  describe('refuses', () => {
    for (const nodeVersion of ['20.19.0', '22.21.0', '23.0.0'])
      it(`REUSE_PORT=on on Node ${nodeVersion}, which ignores the option`, () => {
        assert.throws(() => readConfig({ REUSE_PORT: 'on' }, nodeVersion), {
          faults: [
            `REUSE_PORT=on requires Node.js 23.1 or newer, but this is ${nodeVersion}: install Node 24 or set REUSE_PORT=off`,
          ],
        });
        assert.equal(readConfig({ REUSE_PORT: 'on' }, '23.1.0').reusePort, true);
      });

    const values: [name: string, example: string, refused: string[]][] = [
      ['PORT', '8000', ['-1', '65536', '80.5', '0x50', '1e3', 'http', '8 000', '99999999999']],
      ['REUSE_PORT', 'off', ['true', 'ON', '1']],
      ['CONTROL_SOCKET', '/run/elb-inventory/control.sock', ['control.sock', '/', `/${'x'.repeat(100)}`]],
      ['HOST', '0.0.0.0', ['http://localhost', 'two words', '0.0.0.0/0']],
      ['AWS_BACKEND', 'embedded', ['AWS', 'Embedded', 'moto']],
      ['METRICS', 'on', ['true', 'cloudwatch', 'ON']],
      ['AWS_ENDPOINT_URL', 'http://localhost:5566', ['localhost:5566', 'http:/', 'ftp://localhost']],
      ['AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING', 'http://localhost:5566', ['elb.internal', 'http://a"b']],
      ['AWS_ENDPOINT_URL_EC2', 'http://localhost:5566', ['localhost:4566', '//localhost']],
      ['AWS_DEFAULT_REGION', 'us-east-1', ['us-east', 'EU-WEST-1']],
      ['AWS_MAX_ATTEMPTS', '3', ['0', '11', 'three']],
      ['AWS_REGION', 'us-east-1', ['us-east', 'US-EAST-1', 'us-east-1a', 'virginia']],
      ['AWS_DEADLINE_MS', '8000', ['499', '55001', '8s']],
      ['AWS_CONNECT_TIMEOUT_MS', '1000', ['49', '55001', '1s']],
      ['AWS_ANSWER_TIMEOUT_MS', '3000', ['49', '55001', '-3000']],
      ['INVENTORY_MAX_AGE_MS', '2000', ['-1', '60001', '2s']],
      ['INVENTORY_MAX_STALE_MS', '60000', ['-1', '3600001', '1h']],
      ['AWS_ELB_READS_PER_SECOND', '5', ['0', '1001', '0.5']],
      ['AWS_EC2_READS_PER_SECOND', '10', ['0', '1001', 'many']],
      ['LOG_MAX_PER_SECOND', '200', ['-1', '1000001', 'all']],
      [
        'PROTECT_LAST_IN_SERVICE',
        'false',
        ['on', 'TRUE', '1', 'my_elb', '-elb', 'elb-', 'a,,b', 'a b', 'a,true', 'No,a', 'a'.repeat(33)],
      ],
      ['DOCS', 'on', ['true', 'OFF', '0']],
      [
        'TRUSTED_PROXIES',
        privateNetworks,
        [
          '10.0.0.0/33',
          '10.0.0/8',
          '::1/129',
          '10.0.0.0/8,',
          'private',
          'none,::1',
          '10.0.0.0/8/8',
          'fe80::1%1',
          '::1/-1',
        ],
      ],
      ['LOG_LEVEL', 'info', ['verbose', 'INFO', '30']],
      ['MAX_IN_FLIGHT', '2000', ['0', '1000001', 'all']],
      ['MAX_CHANGES', '500', ['0', '-1']],
      ['MAX_WAITERS', '500', ['0', '1e3']],
    ];
    for (const [name, example, refused] of values)
      for (const value of refused)
        it(`${name}=${value} and suggests a valid example`, () => {
          const [fault = '', ...others] = faultsOf({ [name]: value });
          assert.deepEqual(others, []);
          assert.ok(fault.startsWith(`${name} must be `), fault);
          assert.ok(fault.includes(`for example ${name}=${example};`), fault);
          assert.ok(fault.endsWith(`it is "${value}"`), fault);
        });

    it('several faults in one error, each on its own line', () => {
      const env = { PORT: 'x', HOST: '/', AWS_REGION: 'x', DOCS: 'x', LOG_LEVEL: 'x', API_TOKEN: 'x' };
      const faults = faultsOf({ ...env, AWS_BACKEND: 'aws', AWS_DEADLINE_MS: 'x' });
      const named = faults.map((fault) => /^[A-Z_]+/.exec(fault)?.[0]).sort();
      assert.deepEqual(named, [...Object.keys(env), 'AWS_DEADLINE_MS'].sort());
      const { message } = new ConfigError(faults);
      assert.match(message, /has 7 errors:\n/);
      assert.equal(message.split('\n').length, 8);
    });
  });

  describe('refuses API_TOKEN', () => {
    const unusable: [what: string, token: string, expected: RegExp][] = [
      ['in double quotes', `"${good}"`, /contains quotes, spaces/],
      ['in single quotes', `'${good}'`, /contains quotes, spaces/],
      ['with only a closing quote', `${good}"`, /contains quotes, spaces/],
      ['followed by a comment', `${good} # mine`, /a comment or a line break/],
      ['wrapped by base64', `${good}\n${good}`, /a comment or a line break/],
      ['that is not base64', 'tester:secret-word', /not the base64 of user:password/],
      ['of spaces only', '   ', /contains quotes, spaces/],
      ['in base64url', base64('t:secret???').replace(/\//g, '_'), /not the base64/],
      ['with a space inside', `${good.slice(0, 8)} ${good.slice(8)}`, /not the base64/],
      ['with the scheme Basic', `Basic ${good}`, /not the base64/],
      ['without a colon', base64('tester'), /non-empty user, a colon and a non-empty password/],
      ['with an empty user', base64(':secret-word'), /non-empty user/],
      ['with an empty password', base64('tester:'), /non-empty password/],
      ['of only a colon', base64(':'), /non-empty user/],
      ['with the line break that echo adds', base64('tester:secret-word\n'), /"echo" without -n/],
      ['with a tab', base64('tes\tter:secret-word'), /control character/],
      ['with a DEL', base64('tester:secret\u007fword'), /control character/],
      ['that is not UTF-8', base64(Buffer.from('tester:secret-w\u00f6rd', 'latin1')), /not UTF-8/],
    ];
    for (const AWS_BACKEND of ['aws', 'embedded'])
      for (const [what, token, expected] of unusable)
        it(`${what} with AWS_BACKEND=${AWS_BACKEND}, without its text in the fault`, () => {
          const [fault = '', ...others] = faultsOf({ AWS_BACKEND, API_TOKEN: token });
          assert.deepEqual(others, []);
          assert.match(fault, /^API_TOKEN /);
          assert.match(fault, expected);
          assert.match(fault, /write API_TOKEN=value|make one with: printf/);
          if (AWS_BACKEND === 'aws') assert.ok(!fault.includes(sampleToken), 'suggests the sample');
          assert.doesNotMatch(fault, /secret/);
          if (token.trim() !== '') assert.ok(!fault.includes(unpadded(token)), fault);
        });

    it('missing or empty with AWS_BACKEND=aws', () => {
      for (const env of [{}, { API_TOKEN: '' }]) {
        const [fault = ''] = faultsOf({ AWS_BACKEND: 'aws', ...env });
        assert.match(fault, /^API_TOKEN is (missing|empty): set it to the base64 of .*printf/);
        assert.ok(!fault.includes(sampleToken), 'suggests the sample');
      }
    });

    for (const sample of [sampleToken, unpadded(sampleToken), `${good}, ${sampleToken}`])
      it(`the sample "${sample.replace(good, '…')}" with AWS_BACKEND=aws`, () => {
        const [fault = ''] = faultsOf({ AWS_BACKEND: 'aws', API_TOKEN: sample });
        assert.match(fault, /^API_TOKEN.* is the public sample/);
      });

    it('if one of several tokens is invalid, and identifies it by its position only', () => {
      const API_TOKEN = [good, base64('tester'), ` ${base64('x:secret-word\n')}`, base64('y:z')].join(', ');
      const faults = faultsOf({ API_TOKEN });
      assert.equal(faults.length, 2);
      assert.match(faults[0]!, /^API_TOKEN, token 2 of 4, is not the base64 of a non-empty user/);
      assert.match(faults[1]!, /^API_TOKEN, token 3 of 4, contains a line break/);
      for (const token of API_TOKEN.split(',')) assert.ok(!faults.join().includes(token.trim()));
    });

    it('if it ends with a comma', () => {
      assert.match(faultsOf({ API_TOKEN: `${good},` })[0]!, /^API_TOKEN, token 2 of 2, is not the base64/);
    });
  });

  describe('accepts', () => {
    const defaults: Config = {
      host: '0.0.0.0',
      port: 8000,
      reusePort: false,
      controlSocket: undefined,
      accepted: [{ user: 'sre', password: 'change-me' }],
      acceptedScrapers: [],
      tokenFile: undefined,
      trustedProxies: privateNetworks.split(','),
      backend: 'embedded',
      region: 'us-east-1',
      regionFrom: 'the default',
      maxAttempts: 3,
      caBundlePath: undefined,
      credentialSettings: {
        profile: undefined,
        files: [join(homedir(), '.aws/config'), join(homedir(), '.aws/credentials')],
        hasKeys: false,
        hasToken: false,
        endpoint: undefined,
      },
      credentialsTimeoutMs: 15_000,
      deadlineMs: 8000,
      connectTimeoutMs: 1000,
      answerTimeoutMs: 3000,
      inventoryMaxAgeMs: 2000,
      inventoryMaxStaleMs: 60_000,
      elbReadsPerSecond: 5,
      ec2ReadsPerSecond: 10,
      protectLastInService: false,
      docs: true,
      redirectHttp: false,
      metrics: true,
      tracing: undefined,
      logMaxPerSecond: 200,
      logLevel: 'info',
      maxInFlight: 2000,
      maxChanges: 500,
      maxWaiters: 500,
    };
    it('an empty environment and returns the defaults', () => {
      assert.deepEqual(readConfig({}), defaults);
    });
    it('empty variables as unset', () => {
      const unset = settingNames.filter((name) => !name.startsWith('API_TOKEN')).map((name) => [name, '']);
      assert.deepEqual(readConfig(Object.fromEntries(unset) as Record<string, string>), defaults);
    });

    const set: [Record<string, string>, Partial<Config>][] = [
      [{ PORT: '0' }, { port: 0 }],
      [{ PORT: '65535' }, { port: 65535 }],
      [{ HOST: '::1' }, { host: '::1' }],
      [{ HOST: 'api.internal' }, { host: 'api.internal' }],
      [{ AWS_REGION: 'us-gov-west-1' }, { region: 'us-gov-west-1', regionFrom: 'AWS_REGION' }],
      [{ AWS_DEFAULT_REGION: 'eu-west-3' }, { region: 'eu-west-3', regionFrom: 'AWS_DEFAULT_REGION' }],
      [{ AWS_MAX_ATTEMPTS: '1' }, { maxAttempts: 1 }],
      [{ AWS_DEADLINE_MS: '500' }, { deadlineMs: 500 }],
      [{ AWS_CONNECT_TIMEOUT_MS: '50' }, { connectTimeoutMs: 50 }],
      [{ AWS_ANSWER_TIMEOUT_MS: '55000' }, { answerTimeoutMs: 55_000 }],
      [{ INVENTORY_MAX_AGE_MS: '0' }, { inventoryMaxAgeMs: 0 }],
      [{ INVENTORY_MAX_STALE_MS: '0' }, { inventoryMaxStaleMs: 0 }],
      [{ AWS_ELB_READS_PER_SECOND: '1' }, { elbReadsPerSecond: 1 }],
      [{ AWS_EC2_READS_PER_SECOND: '1000' }, { ec2ReadsPerSecond: 1000 }],
      [{ LOG_MAX_PER_SECOND: '0' }, { logMaxPerSecond: 0 }],
      [{ REUSE_PORT: 'on' }, { reusePort: true }],
      [{ CONTROL_SOCKET: '/run/x.sock' }, { controlSocket: '/run/x.sock' }],
      [{ PROTECT_LAST_IN_SERVICE: 'true' }, { protectLastInService: true }],
      [{ PROTECT_LAST_IN_SERVICE: 'a , one-elb,B2' }, { protectLastInService: ['a', 'one-elb', 'B2'] }],
      [{ DOCS: 'off' }, { docs: false }],
      [{ REDIRECT_HTTP: 'on' }, { redirectHttp: true }],
      [{ TRUSTED_PROXIES: 'none' }, { trustedProxies: [] }],
      [
        { TRUSTED_PROXIES: '203.0.113.7, 2001:db8::/32,::1,0.0.0.0/0' },
        { trustedProxies: ['203.0.113.7/32', '2001:db8::/32', '::1/128', '0.0.0.0/0'] },
      ],
      [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
      [
        { MAX_IN_FLIGHT: '1', MAX_CHANGES: '2', MAX_WAITERS: '3' },
        { maxInFlight: 1, maxChanges: 2, maxWaiters: 3 },
      ],
      [{ NODE_ENV: 'production', AWS_BACKEND: 'embedded' }, { backend: 'embedded' }],
      [{ NODE_ENV: 'test' }, { backend: 'embedded' }],
      [{ API_TOKEN: sampleToken }, { accepted: [{ user: 'sre', password: 'change-me' }] }],
      [{ API_TOKEN: base64('a:b:c') }, { accepted: [{ user: 'a', password: 'b:c' }] }],
      [{ API_TOKEN: unpadded(base64('ü:日本')) }, { accepted: [{ user: 'ü', password: '日本' }] }],
    ];
    for (const [env, expected] of set)
      it(JSON.stringify(env), () => {
        assert.deepEqual(readConfig(env), { ...defaults, ...expected });
      });

    it('several tokens with spaces around the comma', () => {
      const { accepted } = readConfig({ AWS_BACKEND: 'aws', API_TOKEN: `${good} , ${base64('next:one')}` });
      assert.deepEqual(accepted, [
        { user: 'tester', password: 'secret-word' },
        { user: 'next', password: 'one' },
      ]);
    });
  });

  it('defaults to AWS_BACKEND=aws in production and does not fall back to embedded', () => {
    assert.equal(readConfig({ NODE_ENV: 'production', API_TOKEN: good }).backend, 'aws');
    assert.match(faultsOf({ NODE_ENV: 'production' })[0]!, /^API_TOKEN is missing/);
    assert.match(faultsOf({ NODE_ENV: 'production', API_TOKEN: sampleToken })[0]!, /public sample/);
    const unreachableAws = { AWS_BACKEND: 'aws', API_TOKEN: good, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    assert.equal(readConfig(unreachableAws).backend, 'aws');
  });

  describe('with AWS_BACKEND=aws', () => {
    const aws = { AWS_BACKEND: 'aws', API_TOKEN: good };
    const refused: [env: Record<string, string>, ...expected: RegExp[]][] = [
      [
        { AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING: '"http://localhost:5566"' },
        /^AWS_ENDPOINT_URL_ELASTIC.* contains quotes/,
      ],
      [{ AWS_ENDPOINT_URL_EC2: 'localhost:4566' }, /^AWS_ENDPOINT_URL_EC2 must be an http or https URL/],
      [{ AWS_ENDPOINT_URL: 'ftp://me:secret@host' }, /it is "ftp:\/\/\*\*\*@host"$/],
      [{ AWS_ACCESS_KEY_ID: 'AKIA\nX', AWS_SECRET_ACCESS_KEY: 'x' }, /^AWS_ACCESS_KEY_ID .* a line break/],
      [
        { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'two words' },
        /^AWS_SECRET_ACCESS_KEY contains a space/,
      ],
      [{ AWS_SESSION_TOKEN: 'tok\u00e9n' }, /^AWS_SESSION_TOKEN contains .* non-ASCII/],
      [{ AWS_SESSION_TOKEN: 'token # mine' }, /^AWS_SESSION_TOKEN contains .* a comment/],
      [{ AWS_ACCESS_KEY_ID: 'AKIA' }, /must be set together, but only one is set/],
      [{ AWS_USE_FIPS_ENDPOINT: 'True' }, /^AWS_USE_FIPS_ENDPOINT must be true or false.*"True"$/],
      [{ AWS_USE_DUALSTACK_ENDPOINT: '1' }, /^AWS_USE_DUALSTACK_ENDPOINT must be true or false/],
      [
        { AWS_USE_FIPS_ENDPOINT: 'true', AWS_ENDPOINT_URL_EC2: 'http://x' },
        /^AWS_USE_FIPS_ENDPOINT=true cannot be combined with AWS_ENDPOINT_URL_EC2/,
      ],
      [
        { AWS_USE_DUALSTACK_ENDPOINT: 'true', AWS_ENDPOINT_URL: 'http://x' },
        /cannot be combined with AWS_ENDPOINT_URL: unset/,
      ],
      [{ AWS_RETRY_MODE: 'none' }, /^AWS_RETRY_MODE must be standard or adaptive or legacy/],
      [{ AWS_DEFAULTS_MODE: 'fast' }, /^AWS_DEFAULTS_MODE must be/],
      [{ HTTPS_PROXY: 'socks5://me:secret@proxy' }, /^HTTPS_PROXY must be .*"socks5:\/\/\*\*\*@proxy"$/],
      [{ https_proxy: 'http://pro xy' }, /^https_proxy must be/],
      [{ AWS_CA_BUNDLE: '/no/ca.pem' }, /^AWS_CA_BUNDLE=\/no\/ca\.pem cannot be read/],
      [{ AWS_CONFIG_FILE: '/no/config' }, /^AWS_CONFIG_FILE=\/no\/config cannot be read/],
    ];
    for (const [env, ...expected] of refused)
      it(`refuses ${JSON.stringify(env)}`, () => {
        const faults = faultsOf({ ...aws, ...env }, disk({}));
        assert.equal(faults.length, expected.length, faults.join());
        for (const [index, pattern] of expected.entries()) assert.match(faults[index]!, pattern);
        assert.doesNotMatch(faults.join(), /secret@|AKIA|two words|token #/);
      });

    it('accepts compatible settings and a proxy without a scheme', () => {
      const env = {
        ...{
          AWS_USE_FIPS_ENDPOINT: 'true',
          AWS_ENDPOINT_URL: 'http://x',
          AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
        },
        ...{ HTTPS_PROXY: 'me:secret@proxy:3128', AWS_RETRY_MODE: 'adaptive', AWS_CA_BUNDLE: '/ca.pem' },
      };
      assert.equal(readConfig({ ...aws, ...env }, undefined, disk({ '/ca.pem': '' })).backend, 'aws');
    });

    it('takes the region from AWS_REGION, then AWS_DEFAULT_REGION, then the profile', () => {
      const inputs = { ...disk({}), profileRegion: 'eu-north-1' };
      const chosen = (env: Record<string, string>) => {
        const { region, regionFrom } = readConfig({ ...aws, ...env }, undefined, inputs);
        return [region, regionFrom];
      };
      assert.deepEqual(chosen({}), ['eu-north-1', 'the AWS profile']);
      assert.deepEqual(chosen({ AWS_DEFAULT_REGION: 'eu-west-3' }), ['eu-west-3', 'AWS_DEFAULT_REGION']);
      const both = { AWS_DEFAULT_REGION: 'eu-west-3', AWS_REGION: 'sa-east-1' };
      assert.deepEqual(chosen(both), ['sa-east-1', 'AWS_REGION']);
      assert.deepEqual(readConfig({}, undefined, inputs).regionFrom, 'the default', 'with the embedded AWS');
    });

    it('refuses an invalid region of the profile unless the environment sets one', () => {
      const inputs = { ...disk({}), profileRegion: 'EU West' };
      assert.throws(
        () => readConfig(aws, undefined, inputs),
        /the region of the AWS profile is "EU West", which is not a region name/,
      );
      assert.equal(readConfig({ ...aws, AWS_REGION: 'eu-west-3' }, undefined, inputs).region, 'eu-west-3');
    });

    it('does not report a quoted key as missing', () => {
      const keys = { AWS_ACCESS_KEY_ID: 'AKIAX', AWS_SECRET_ACCESS_KEY: '"secret"' };
      const [fault = '', ...others] = faultsOf({ ...aws, ...keys });
      assert.match(fault, /^AWS_SECRET_ACCESS_KEY contains quotes/);
      assert.deepEqual(others, []);
    });

    for (const url of [
      ...['http://me:se/cret@proxy:3128', 'http://me:se#cret@proxy:3128', 'ftp://me:se cret@proxy'],
      ...['http:/me:secret@proxy', 'http//me:se@cret@proxy'],
    ])
      it(`masks the password in the invalid URL ${url}`, () => {
        const [fault = ''] = faultsOf({ ...aws, AWS_ENDPOINT_URL: url });
        assert.match(fault, /^AWS_ENDPOINT_URL must be .*\*\*\*@proxy/);
        assert.doesNotMatch(fault, /me:|cret/);
      });

    it('warns about a password shorter than 16 bytes and shows only its user', () => {
      const tokens = ['long:0123456789abcdef', 'short:0123456789abcde', 'wide:éééééééé', 'one:x'].map(base64);
      const warnings = warningsOf(readConfig({ ...aws, API_TOKEN: tokens.join(',') }));
      assert.deepEqual(
        warnings.map((warning) => /^the password of "(\w+)" is shorter than 16 bytes/.exec(warning)?.[1]),
        ['short', 'one'],
      );
      assert.deepEqual(warningsOf(readConfig({ API_TOKEN: tokens.join(',') })), [], 'with the embedded AWS');
    });
  });

  describe('does not default to the sample token with', () => {
    for (const [env, expected] of [
      [{ API_TOKEN: '' }, /^API_TOKEN is empty: set it/],
      [{ API_TOKENS: good }, /^API_TOKEN is missing, and API_TOKENS is not a setting: set it/],
      [{ api_token: good }, /^API_TOKEN is missing, and api_token is not a setting/],
      [{ API_TOKEN_FILE: '' }, /^API_TOKEN is missing, and API_TOKEN_FILE is empty/],
    ] as [Record<string, string>, RegExp][])
      it(JSON.stringify(env).replace(good, '…'), () => {
        const [fault = '', ...others] = faultsOf(env);
        assert.deepEqual(others, []);
        assert.match(fault, expected);
      });
  });

  it('reads METRICS_TOKEN, which is optional and can contain several tokens', () => {
    const METRICS_TOKEN = `${base64('prometheus:one')}, ${base64('prometheus:two')}`;
    const { acceptedScrapers } = readConfig({ METRICS_TOKEN });
    assert.deepEqual(acceptedScrapers, [
      { user: 'prometheus', password: 'one' },
      { user: 'prometheus', password: 'two' },
    ]);
    assert.deepEqual(readConfig({ METRICS_TOKEN: '' }).acceptedScrapers, []);
  });

  describe('refuses METRICS_TOKEN', () => {
    const aws = { AWS_BACKEND: 'aws', API_TOKEN: good };
    for (const [what, METRICS_TOKEN, expected] of [
      ['that is not base64', 'prometheus:secret-word', /^METRICS_TOKEN is not the base64 of user:password/],
      ['without a colon', base64('prometheus'), /^METRICS_TOKEN is not the base64 of a non-empty user/],
      ['with quotes', `"${base64('a:b')}"`, /^METRICS_TOKEN contains quotes/],
      ['that is the public sample', sampleToken, /^METRICS_TOKEN is the public sample/],
      [
        'that is a token of the API',
        good,
        /^METRICS_TOKEN is also one of the tokens in API_TOKEN.*: use a different token/,
      ],
      [
        'that is a token of the API without padding',
        unpadded(good),
        /^METRICS_TOKEN is also one of the tokens/,
      ],
      ['that ends with a comma', `${base64('a:b')},`, /^METRICS_TOKEN, token 2 of 2, is not the base64/],
    ] as const)
      it(what, () => {
        const [fault = '', ...others] = faultsOf({ ...aws, METRICS_TOKEN });
        assert.deepEqual(others, []);
        assert.match(fault, expected);
        assert.ok(!fault.includes('secret') && !fault.includes(unpadded(good)), fault);
      });
  });

  it('reads where to send spans from the settings of OpenTelemetry', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'https://otel.internal:4318/base/';
    const url = 'https://otel.internal:4318/base/v1/traces';
    assert.deepEqual(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT }).tracing, {
      ...{ url, headers: {}, serviceName: 'elb-inventory', sampleRatio: 1 },
    });
    const { tracing } = readConfig({
      OTEL_EXPORTER_OTLP_ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20YTpi, x-team = sre,empty=',
      OTEL_SERVICE_NAME: 'inventory',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    assert.deepEqual(tracing, {
      url,
      headers: { Authorization: 'Basic YTpi', 'x-team': 'sre', empty: '' },
      serviceName: 'inventory',
      sampleRatio: 0.25,
    });
    assert.equal(readConfig({ OTEL_SERVICE_NAME: 'x' }).tracing, undefined);
  });

  describe('refuses the settings of OpenTelemetry', () => {
    for (const [name, refused, expected] of [
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318', /must be an http or https URL/],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://localhost:4317', /must be an http or https URL/],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://me:secret@localhost:4318', /without a user, password/],
      [
        'OTEL_EXPORTER_OTLP_ENDPOINT',
        'http://localhost:4318/?key=secret',
        /without a user, password or query/,
      ],
      ['OTEL_EXPORTER_OTLP_HEADERS', 'secret', /header 1, must be name=value/],
      ['OTEL_EXPORTER_OTLP_HEADERS', 'a=b,c d=secret', /header 2, must be name=value/],
      ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%secret', /header 1, must be name=value/],
      ['OTEL_EXPORTER_OTLP_HEADERS', 'a=b%0d%0aX-Secret: secret', /header 1, must be name=value/],
      ['OTEL_TRACES_SAMPLER_ARG', '1.5', /must be a number from 0 to 1/],
      ['OTEL_TRACES_SAMPLER_ARG', '-1', /must be a number from 0 to 1/],
      ['OTEL_TRACES_SAMPLER_ARG', 'all', /must be a number from 0 to 1/],
    ] as const)
      it(`${name}=${refused}`, () => {
        const [fault = '', ...others] = faultsOf({ [name]: refused });
        assert.deepEqual(others, []);
        assert.ok(fault.startsWith(name));
        assert.match(fault, expected);
        assert.doesNotMatch(fault, /:secret|=secret@|%secret|key=secret(?!$)/);
      });
  });

  describe('reads API_TOKEN_FILE', () => {
    const read = (text: string) =>
      readConfig({ API_TOKEN_FILE: '/run/t' }, undefined, disk({ '/run/t': text }));
    for (const text of [good, `${good}\n`, `\uFEFF${good}\r\n`, `${good}, ${base64('next:one')}\n`])
      it(JSON.stringify(text).replaceAll(good, '…'), () => {
        const { accepted, tokenFile } = read(text);
        assert.deepEqual(accepted[0], { user: 'tester', password: 'secret-word' });
        assert.equal(tokenFile, '/run/t');
      });

    for (const [what, env, text, expected] of [
      [
        'that does not exist',
        {},
        undefined,
        /^API_TOKEN_FILE=\/run\/t cannot be read \(.+\): set it to a file/,
      ],
      [
        'that is a token',
        { API_TOKEN_FILE: good },
        undefined,
        /^API_TOKEN_FILE contains a token instead of a path: write/,
      ],
      ['that is empty', {}, '\n', /^API_TOKEN_FILE is empty/],
      ['of several lines', {}, `${good}\n${good}\n`, /^API_TOKEN_FILE=\/run\/t has several lines/],
      ['of something else', {}, 'tester:secret-word', /^API_TOKEN_FILE is not the base64/],
      ['together with API_TOKEN', { API_TOKEN: good }, good, /both set: unset one/],
    ] as [string, Record<string, string>, string | undefined, RegExp][])
      it(`but not one ${what}`, () => {
        const files = text === undefined ? {} : { '/run/t': text };
        const [fault = '', ...others] = faultsOf({ API_TOKEN_FILE: '/run/t', ...env }, disk(files));
        assert.deepEqual(others, []);
        assert.match(fault, expected);
        assert.ok(!fault.includes('secret') && !fault.includes(good));
      });
  });

  it('returns a frozen configuration and does not change the environment', () => {
    const env = Object.freeze({ PORT: '1234' });
    assert.ok(Object.isFrozen(readConfig(env)));
    assert.deepEqual(env, { PORT: '1234' });
  });
});
