import assert from 'node:assert/strict';
import { createLogger } from '../../logger/create-logger.ts';
import { maskSecrets, secretsOf } from '../../logger/mask-secrets.ts';

/** Returns the line that a logger with these secrets writes. */
function written(fields: object, readable = false, secrets: readonly string[] = []): string {
  let text = '';
  const stream = { write: (line: string) => (text += line), onLost: () => undefined };
  const logger = createLogger({ level: 'info', readable, secrets }, stream);
  logger.info(fields, 'message');
  return text;
}

const risky = [
  ...['\u007f', '\u0080', '\u0085', '\u009b', '\u009f', '\u061c', '\u200e', '\u200f', '\u2028', '\u2029'],
  ...['\u202a', '\u202e', '\u2066', '\u2069'],
];

describe('A log line', () => {
  it('has control and bidi characters escaped and parses to the same JSON', () => {
    const value = `a${risky.join('b')}c ü 日本 🙂 \\u009b \\`;
    const err = new Error(value);
    const line = written({ path: value, err, reason: value });
    for (const character of risky) assert.ok(!line.includes(character), character.charCodeAt(0).toString(16));
    assert.ok(line.includes('ü 日本 🙂'));
    const parsed = JSON.parse(line) as { path: string; err: { message: string } };
    assert.equal(parsed.path, value);
    assert.equal(parsed.err.message, value);
  });

  it('has them escaped in readable form, including ESC, backspace and carriage return', () => {
    for (const character of [...risky, '\u001b', '\u0000', '\u0007', '\b', '\r']) {
      const output = written({ path: `a${character}b`, err: new Error(`c${character}d`) }, true);
      assert.ok(!output.includes(character), `U+${character.charCodeAt(0).toString(16)} in ${output}`);
    }
    assert.match(written({ err: new Error('shallow') }, true), /Error: shallow\n +at /);
  });

  it('masks the AWS secrets that an error message quotes', () => {
    const token = 'FwoGZXIvYXdzEBYaDK+/abc==';
    const canonical =
      `The request signature we calculated does not match. The Canonical String should have been 'POST\n/\n\n` +
      `host:ec2.amazonaws.com\nx-amz-security-token:${token}\n\nhost;x-amz-security-token\nabc'`;
    const err = new Error('refused', { cause: new Error(canonical) });
    const line = written({ err });
    assert.ok(!line.includes(token));
    assert.match(line, /x-amz-security-token:\*\*\*\\n/);
    assert.match(line, /host:ec2.amazonaws.com/);
    assert.ok(!written({ err }, true).includes(token));
  });

  it('has the secrets of this process masked in every field, including their JSON escapes', () => {
    const secrets = secretsOf([{ user: 'sre', password: 'pass"word\\1' }], {
      AWS_SECRET_ACCESS_KEY: 'secret+key',
      AWS_SESSION_TOKEN: undefined,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=export%2Bword,Authorization=Basic%20word%3Aword',
    });
    const token = Buffer.from('sre:pass"word\\1').toString('base64');
    const line = written(
      {
        path: `/x/${token}`,
        reason: 'pass"word\\1',
        other: ['secret+key'],
        exports: 'export+word Basic word:word export%2Bword',
      },
      false,
      secrets,
    );
    assert.deepEqual((JSON.parse(line) as { other: string[] }).other, ['***']);
    assert.doesNotMatch(line, /word|secret\+key/);
    assert.ok(!line.includes(token.slice(0, 12)));
  });
});

describe('maskSecrets', () => {
  const masked: [text: string, to: string][] = [
    ['X-Amz-Security-Token=abc%2B&X-Amz-Date=1', 'X-Amz-Security-Token=***&X-Amz-Date=1'],
    ['"x-amz-security-token":"abc"', '"x-amz-security-token":"***"'],
    ['authorization: Basic c3JlOmNoYW5nZS1tZQ==', 'authorization: Basic ***'],
    ['Authorization=Bearer abcdefgh.i', 'Authorization=Bearer ***'],
    ['Proxy-Authorization: Basic c3JlOmNoYW5nZQ==', 'Proxy-Authorization: Basic ***'],
    [
      'AWS4-HMAC-SHA256 Credential=AKIA/2026/us-east-1, SignedHeaders=host, Signature=0a1b',
      'AWS4-HMAC-SHA256 Credential=***, SignedHeaders=host, Signature=***',
    ],
    ['?X-Amz-Signature=0a1b&x=1', '?X-Amz-Signature=***&x=1'],
    ['it is "http://user:pa55@proxy:3128/x"', 'it is "http://***@proxy:3128/x"'],
    ['https://user:p@ss@host/a@b', 'https://***@host/a@b'],
    ['socks5h://token@host', 'socks5h://***@host'],
  ];
  for (const [text, to] of masked)
    it(`masks ${text}`, () => {
      assert.equal(maskSecrets(text), to);
    });

  for (const text of [
    'send "Authorization: Basic " and a token from API_TOKEN',
    'this service does not accept Bearer credentials',
    'http://localhost:5566/a?b=c@d',
    'AWS refused this service’s credentials (SignatureDoesNotMatch on ec2:DescribeInstances)',
  ])
    it(`does not change ${text}`, () => {
      assert.equal(maskSecrets(text), text);
    });

  it('does not mask secrets with fewer than six characters', () => {
    assert.equal(maskSecrets('a b', ['a']), 'a b');
  });
});
