import assert from 'node:assert/strict';
import { type EnvFileReader, readEnvFile } from '../../config/env-file.ts';

const read = (text: string | Buffer, reader: EnvFileReader = 'dotenv') =>
  readEnvFile(Buffer.from(text), reader);
const base64Of = (bytes: number) => Buffer.alloc(bytes, 'user:a').toString('base64');

describe('readEnvFile', () => {
  describe('returns no faults and no warnings for', () => {
    for (const [what, text, values] of [
      ['an assignment', 'PORT=8000\n', { PORT: '8000' }],
      ['comments and empty lines', '# NAME=x\n\n  # y\nPORT=1', { PORT: '1' }],
      ['an empty value', 'PORT=\nHOST=::', { PORT: '', HOST: '::' }],
      ['a value that contains =', 'API_TOKEN=YTpi==\n', { API_TOKEN: 'YTpi==' }],
      ['a repeated name, of which the last value counts', 'PORT=1\nPORT=2', { PORT: '2' }],
      ['an unknown name', 'TZ=UTC\nAPP_COLOR=red', { TZ: 'UTC', APP_COLOR: 'red' }],
      ['a byte order mark and CRLF', '\uFEFFPORT=1\r\nHOST=::\r\n', { PORT: '1', HOST: '::' }],
    ] as [string, string, Record<string, string>][])
      for (const reader of ['dotenv', 'docker'] as const)
        it(`${what}, read as ${reader}`, () => {
          assert.deepEqual(read(text, reader), { values, faults: [], warnings: [] });
        });
  });

  describe('returns a warning as dotenv and a fault as docker for', () => {
    for (const [what, text, value, expected] of [
      ['double quotes', 'AWS_PROFILE="a b"', 'a b', /has quotes around its value/],
      ['single quotes', "AWS_PROFILE='a#b'", 'a#b', /has quotes around its value/],
      ['a comment after quotes', 'AWS_PROFILE="a" # mine', 'a', /has quotes around its value/],
      ['a comment', 'AWS_PROFILE=a # mine', 'a', /a # in its value, which starts a comment/],
      ['a # inside', 'AWS_PROFILE=a#b', 'a', /a # in its value/],
      ['spaces at the end', 'AWS_PROFILE=a  ', 'a', /spaces around its value/],
      ['a space at the start', 'AWS_PROFILE= a', 'a', /spaces around its value/],
      ['spaces around =', 'AWS_PROFILE = a', 'a', /spaces or a word before .* and spaces around its value/],
      ['export', 'export AWS_PROFILE=a', 'a', /spaces or a word before/],
    ] as [string, string, string, RegExp][])
      it(what, () => {
        const { values, warnings, faults } = read(`PORT=1\n${text}\nHOST=::\n`);
        assert.deepEqual(
          { values, faults },
          { values: { PORT: '1', AWS_PROFILE: value, HOST: '::' }, faults: [] },
        );
        assert.equal(warnings.length, 1);
        assert.match(
          warnings[0]!,
          /^line 2, AWS_PROFILE, .* which docker --env-file does not strip: write AWS_PROFILE=value/,
        );
        assert.match(warnings[0]!, expected);
        assert.match(read(text, 'docker').faults[0]!, expected);
      });

    it('a $, as a warning for both readers', () => {
      for (const reader of ['dotenv', 'docker'] as const) {
        const { values, warnings, faults } = read('AWS_SECRET_ACCESS_KEY=a$b', reader);
        assert.deepEqual([values['AWS_SECRET_ACCESS_KEY'], faults], ['a$b', []]);
        assert.match(warnings[0]!, /contains a \$, which Docker Compose expands/);
      }
    });
  });

  describe('returns a fault with the number of the line for', () => {
    const long = base64Of(200);
    const wrapped = (width: number) => long.match(new RegExp(`.{1,${width}}`, 'g'))!.join('\n');
    for (const [what, text, expected] of [
      ['a line without =', 'API_TOKEN\nPORT=1', [/^line 1 is not an assignment: write NAME=value/]],
      ['a name with a dash', 'PORT=1\nAPI-TOKEN=x', [/^line 2 is not an assignment/]],
      [
        'a token wrapped at 76',
        `API_TOKEN=${wrapped(76)}\nPORT=1`,
        [2, 3, 4].map((n) => new RegExp(`^line ${n} continues the value of the previous line`)),
      ],
      [
        'a token wrapped at 64',
        `API_TOKEN=${wrapped(64)}`,
        [2, 3, 4, 5].map((n) => new RegExp(`^line ${n} continues the value of the previous line`)),
      ],
      [
        'a wrapped line that looks like an assignment',
        `API_TOKEN=${'a'.repeat(76)}\nYWJj==\n`,
        [/^line 2 continues/],
      ],
      ['an unclosed quote', 'AWS_PROFILE="a\nPORT=1"', [/^line 1, AWS_PROFILE, has an unclosed quote/]],
      ['text after quotes', 'AWS_PROFILE="a"b', [/^line 1, AWS_PROFILE, has text after the closing quote/]],
      [
        'UTF-16 with a byte order mark',
        Buffer.from('\uFEFFPORT=1\n', 'utf16le'),
        [/^it is not UTF-8 text: save it as UTF-8/],
      ],
      ['UTF-16 without a byte order mark', Buffer.from('PORT=1\n', 'utf16le'), [/^it is not UTF-8 text/]],
      ['latin-1', Buffer.from('AWS_PROFILE=\u00fc\n', 'latin1'), [/^it is not UTF-8 text/]],
    ] as [string, string | Buffer, RegExp[]][])
      for (const reader of ['dotenv', 'docker'] as const)
        it(`${what}, read as ${reader}`, () => {
          const { faults } = read(text, reader);
          assert.equal(faults.length, expected.length, faults.join('\n'));
          for (const [index, pattern] of expected.entries()) assert.match(faults[index]!, pattern);
          assert.ok(!faults.join().includes(long.slice(0, 20)), 'shows a value');
        });
  });

  it('accepts an empty setting after a value of 76 characters', () => {
    assert.deepEqual(read(`API_TOKEN=${'a'.repeat(76)}\nPORT=\n`).faults, []);
  });

  for (const [name, meant] of [
    ['AWS_REGOIN', 'AWS_REGION'],
    ['API_TOKENS', 'API_TOKEN'],
    ['port', 'PORT'],
    ['AWS_ACCES_KEY_ID', 'AWS_ACCESS_KEY_ID'],
    ['LOGLEVEL', 'LOG_LEVEL'],
  ] as const)
    it(`warns about ${name} and suggests ${meant}`, () => {
      assert.deepEqual(read(`${name}=x`).warnings, [
        `line 1, ${name}, is not a setting: did you mean ${meant}?`,
      ]);
    });

  for (const name of ['COST', 'TZ', 'GITHUB_API_TOKEN', 'AWS_PAGER'])
    it(`does not warn about ${name}`, () => {
      assert.deepEqual(read(`${name}=x`).warnings, []);
    });
});
