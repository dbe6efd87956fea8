import { unescape } from 'node:querystring';

const mask = '***';

/** Shorter secrets are not masked, because they can occur in ordinary words. */
const minSecretLength = 6;

/** The separator between a name and its value: `name: value`, `name=value`, or the same in JSON. */
const separator = String.raw`\\?["']?\s*[:=]\s*\\?["']?`;

/**
 * Patterns for secrets in messages from other programs: the SignatureDoesNotMatch message quotes the canonical request
 * with the session token, and the URL of an endpoint or proxy can contain a password.
 */
const patterns: readonly [pattern: RegExp, replacement: string][] = [
  [new RegExp(String.raw`(x-amz-security-token${separator})[\w+/=%.~-]+`, 'gi'), `$1${mask}`],
  [
    new RegExp(
      String.raw`((?:proxy-)?authorization${separator}(?:(?:basic|bearer)\s+)?)[\w+/=%.~-]{8,}`,
      'gi',
    ),
    `$1${mask}`,
  ],
  [
    new RegExp(
      String.raw`((?:aws_?)?(?:secret_?access_?key|session_?token|security_?token)${separator})[\w+/=%.~-]+`,
      'gi',
    ),
    `$1${mask}`,
  ],
  [/\b((?:x-amz-)?(?:credential|signature)=)[\w+/=%.~-]+/gi, `$1${mask}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'\\]*@/gi, `$1${mask}@`],
];

/**
 * Returns the text with secrets replaced by `***`: credentials in AWS requests, passwords in URLs, and `own`, the
 * secrets of this process.
 */
export function maskSecrets(text: string, own: Iterable<string> = []): string {
  let masked = text;
  for (const secret of own) if (secret.length >= minSecretLength) masked = masked.replaceAll(secret, mask);
  for (const [pattern, replacement] of patterns) masked = masked.replace(pattern, replacement);
  return masked;
}

/**
 * Returns the secrets in the configuration: the passwords and tokens of users, and the AWS credentials and export
 * headers from the environment.
 */
export function secretsOf(
  accepted: readonly { readonly user: string; readonly password: string }[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const ofCallers = accepted.flatMap(({ user, password }) => {
    const token = Buffer.from(`${user}:${password}`).toString('base64');
    return [token.replace(/=+$/, ''), password];
  });
  const ofAws = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN']
    .map((name) => env[name])
    .filter((value) => value !== undefined);
  const ofExports = (env['OTEL_EXPORTER_OTLP_HEADERS'] ?? '')
    .split(',')
    .map((header) => header.slice(header.indexOf('=') + 1).trim())
    .flatMap((value) => [value, unescape(value)]);
  // A secret in JSON has its quotes and backslashes escaped.
  return [...ofCallers, ...ofAws, ...ofExports].flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
  ]);
}
