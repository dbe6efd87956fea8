import { isDeepStrictEqual } from 'node:util';
import type { Credentials } from '../principals/principal.ts';
import type { Env, ReadFile } from './aws-settings.ts';
import { nearestSetting } from './setting-names.ts';

/** `sre:change-me`, the token in .env.example. The service accepts it only with the embedded AWS. */
export const sampleToken = 'c3JlOmNoYW5nZS1tZQ==';

/** The minimum length of a password, in bytes. A shorter password is too easy to guess. */
export const minSafePasswordBytes = 16;

const howToMakeAToken = "make one with: printf '%s' 'user:password' | base64 | tr -d '\\n'";

/**
 * Returns the users and passwords in API_TOKEN or in the file at API_TOKEN_FILE, and adds their errors to `faults`. An
 * error identifies a token by its position and never contains its text. With the embedded AWS, the default is the
 * sample token, unless the environment has a variable with a name like API_TOKEN or API_TOKEN_FILE.
 */
export function readTokens(
  env: Env,
  backend: 'aws' | 'embedded',
  readFile: ReadFile,
  faults: string[],
): Credentials[] {
  const source = env['API_TOKEN_FILE'] ? 'API_TOKEN_FILE' : 'API_TOKEN';
  const text = source === 'API_TOKEN' ? env['API_TOKEN'] : readTokenFile(env, readFile, faults);
  if (text === undefined && source === 'API_TOKEN_FILE') return [];
  if (!text) {
    const mention = Object.keys(env).find((name) => /^API_TOKEN(_FILE)?$/.test(nearestSetting(name) ?? name));
    if (backend === 'embedded' && mention === undefined) return [decodeToken(sampleToken)];
    const state = mention?.startsWith('API_TOKEN_FILE') === true ? 'empty' : 'not a setting';
    const hint = mention === undefined ? '' : `, and ${mention} is ${state}`;
    const problem = mention === source ? 'is empty' : `is missing${hint}`;
    faults.push(`${source} ${problem}: set it to the base64 of user:password; ${howToMakeAToken}`);
    return [];
  }
  return readList(source, text, backend, faults);
}

/**
 * Returns the users and passwords in METRICS_TOKEN, and adds their errors to `faults` as `readTokens` does. The tokens
 * must differ from those in API_TOKEN, which also allow changes.
 */
export function readMetricsTokens(
  env: Env,
  accepted: readonly Credentials[],
  backend: 'aws' | 'embedded',
  faults: string[],
): Credentials[] {
  const text = env['METRICS_TOKEN'];
  const tokens = text ? readList('METRICS_TOKEN', text, backend, faults) : [];
  if (tokens.some((token) => accepted.some((other) => isDeepStrictEqual(token, other))))
    faults.push(
      `METRICS_TOKEN is also one of the tokens in API_TOKEN, which allow changes: use a different token; ${howToMakeAToken}`,
    );
  return tokens;
}

/** Returns the users and passwords in a list of tokens, and adds their errors to `faults`. */
function readList(
  source: string,
  text: string,
  backend: 'aws' | 'embedded',
  faults: string[],
): Credentials[] {
  return text.split(',').map((raw, index, all) => {
    const token = raw.trim();
    const name = all.length === 1 ? source : `${source}, token ${index + 1} of ${all.length},`;
    const credentials = decodeToken(token);
    const fault = faultOfToken(token, credentials, backend);
    if (fault !== undefined) faults.push(`${name} ${fault}`);
    return credentials;
  });
}

/**
 * Returns the content of the file without a byte order mark and trailing line breaks. Returns undefined if the file is
 * invalid, and adds the error to `faults`.
 */
function readTokenFile(env: Env, readFile: ReadFile, faults: string[]): string | undefined {
  const path = env['API_TOKEN_FILE'] ?? '';
  if (env['API_TOKEN']) faults.push('API_TOKEN and API_TOKEN_FILE are both set: unset one of them');
  try {
    const text = readFile(path)
      .replace(/^\uFEFF/, '')
      .replace(/[\r\n]+$/, '');
    if (!/[\r\n]/.test(text)) return text;
    faults.push(
      `API_TOKEN_FILE=${path} has several lines: write the tokens on one line, separated by commas; ${howToMakeAToken}`,
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isToken = path
      .split(',')
      .some((text) => faultOfToken(text, decodeToken(text), 'embedded') === undefined);
    if (isToken)
      faults.push(
        'API_TOKEN_FILE contains a token instead of a path: write the token to a file on one line, or set API_TOKEN to it',
      );
    else
      // Another value could be the token itself.
      faults.push(
        `API_TOKEN_FILE${path.startsWith('/') ? `=${path}` : ''} cannot be read (${code ?? 'unknown error'}): set it to a file that this user can read`,
      );
  }
  return undefined;
}

function decodeToken(token: string): Credentials {
  const text = Buffer.from(token, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1
    ? { user: '', password: '' }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function faultOfToken(
  token: string,
  { user, password }: Credentials,
  backend: 'aws' | 'embedded',
): string | undefined {
  const bytes = Buffer.from(token, 'base64');
  const canonical = bytes.toString('base64');
  // The example must not be the sample token with AWS_BACKEND=aws, which does not accept it.
  const example = `${backend === 'embedded' ? `for example ${sampleToken}; ` : ''}${howToMakeAToken}`;
  if (token === '' || (token !== canonical && token !== canonical.replace(/=+$/, ''))) {
    return `is not the base64 of user:password; ${example}`;
  }
  if (user === '' || password === '')
    return `is not the base64 of a non-empty user, a colon and a non-empty password; ${example}`;
  const text = `${user}:${password}`;
  if (text.includes('\uFFFD')) return `is the base64 of text that is not UTF-8; ${example}`;
  if (hasControlCharacter(text)) {
    return `contains a line break, which "echo" without -n adds, or another control character: ${howToMakeAToken}`;
  }
  if (backend === 'aws' && text === Buffer.from(sampleToken, 'base64').toString()) {
    return `is the public sample, which AWS_BACKEND=aws does not accept: ${howToMakeAToken}`;
  }
  return undefined;
}

function hasControlCharacter(text: string): boolean {
  // The pattern in basic-auth does not match U+2028 and U+2029 either.
  return Array.from(text).some((character) => character < ' ' || '\u007F\u2028\u2029'.includes(character));
}
