import { DomainError } from '../../errors.ts';

const scheme = /^[\w!#$%&'*+.^`|~-]+$/;
/** `token68` as defined in RFC 9110, 11.2: base64 or base64url. */
const token68 = /^[A-Za-z0-9._~+/-]+=*$/;
const quote = /^["']|["']$/;

const advice = 'use curl -u user:password, or send "Authorization: Basic " and a token from API_TOKEN';

/** The problem and advice for each value of `authFailure` in the log. */
const problems = {
  missing: ['the request has no credentials', advice],
  'not-encoded': [
    'the user and password in the Authorization header are not encoded',
    'use curl -u user:password, or send "Authorization: Basic " and the base64 of user:password',
  ],
  bearer: ['this service does not accept Bearer credentials', advice],
  'other-scheme': ['the scheme of the Authorization header is not Basic', advice],
  'no-scheme': ['the Authorization header has no scheme before the token', advice],
  quoted: [
    'the Authorization header has quotes around the token, the user or the password',
    'send "Authorization: Basic " and a token without quotes, or use curl -u user:password',
  ],
  'not-base64': ['the value after Basic in the Authorization header is not a single base64 token', advice],
  'not-utf-8': [
    'the user and password in the Authorization header are not UTF-8',
    'encode user:password as UTF-8 before the base64 encoding, as curl -u user:password does in a UTF-8 terminal',
  ],
  'control-character': [
    'the user or password in the Authorization header contains a newline or another control character',
    'encode user:password with printf instead of echo, or use curl -u user:password',
  ],
  incomplete: [
    'the Authorization header does not contain a user, a colon and a password',
    'use curl -u user:password, or send "Authorization: Basic " and the base64 of user:password',
  ],
  wrong: ['the user or the password is wrong', advice],
} as const satisfies Record<string, readonly [problem: string, advice: string]>;

export type AuthFailure = keyof typeof problems;

/**
 * Returns the error for a rejected Authorization header. The error depends only on the form of the header: it is the
 * same for a wrong user and a wrong password, and it does not contain the header.
 */
export function unauthenticated(authorization: string | undefined): DomainError {
  const authFailure = formOf(authorization ?? '');
  const [problem, advice] = problems[authFailure];
  return new DomainError('unauthenticated', problem, { advice, authFailure });
}

function formOf(authorization: string): AuthFailure {
  const header = authorization.trim();
  if (header === '') return 'missing';
  if (quote.test(header)) return 'quoted';
  const [first = '', ...others] = header.split(/\s+/);
  const rest = others.join(' ');
  if (/^basic$/i.test(first)) return rest === '' ? 'missing' : formOfToken(rest);
  if (first.includes(':')) return 'not-encoded';
  if (/^bearer$/i.test(first)) return 'bearer';
  return rest !== '' && scheme.test(first) ? 'other-scheme' : 'no-scheme';
}

function formOfToken(token: string): AuthFailure {
  if (quote.test(token)) return 'quoted';
  if (token.includes(':')) return 'not-encoded';
  if (!token68.test(token)) return 'not-base64';
  const text = decode(Buffer.from(token, 'base64'));
  if (text === undefined) return 'not-utf-8';
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'control-character';
  if (quote.test(text)) return 'quoted';
  return /^[^:]+:./.test(text) ? 'wrong' : 'incomplete';
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
