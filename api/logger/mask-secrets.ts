const mask = '***';

/** A secret that is shorter would be found in ordinary words. */
const shortestSecret = 6;

/** What follows the name of a field or parameter: `name: value`, `name=value`, or the same in JSON. */
const after = String.raw`\\?["']?\s*[:=]\s*\\?["']?`;

/**
 * Secrets that others put into their messages: AWS quotes the canonical request, with the session token, in
 * SignatureDoesNotMatch; an operator may write a password into the URL of an endpoint or proxy.
 */
const patterns: readonly [pattern: RegExp, replacement: string][] = [
  [new RegExp(String.raw`(x-amz-security-token${after})[\w+/=%.~-]+`, 'gi'), `$1${mask}`],
  [
    new RegExp(String.raw`((?:proxy-)?authorization${after}(?:(?:basic|bearer)\s+)?)[\w+/=%.~-]{8,}`, 'gi'),
    `$1${mask}`,
  ],
  [
    new RegExp(
      String.raw`((?:aws_?)?(?:secret_?access_?key|session_?token|security_?token)${after})[\w+/=%.~-]+`,
      'gi',
    ),
    `$1${mask}`,
  ],
  [/\b((?:x-amz-)?(?:credential|signature)=)[\w+/=%.~-]+/gi, `$1${mask}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'\\]*@/gi, `$1${mask}@`],
];

/**
 * Returns the text with secrets replaced by `***`: credentials of AWS requests, passwords in URLs, and `own`, the
 * secrets that this process knows.
 */
export function maskSecrets(text: string, own: Iterable<string> = []): string {
  let masked = text;
  for (const secret of own) if (secret.length >= shortestSecret) masked = masked.replaceAll(secret, mask);
  for (const [pattern, replacement] of patterns) masked = masked.replace(pattern, replacement);
  return masked;
}

/**
 * Returns the secrets of the configuration: the passwords and tokens of callers, and the credentials for AWS that come
 * from the environment.
 */
export function secretsOf(
  accepted: readonly { readonly user: string; readonly password: string }[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const ofCallers = accepted.flatMap(({ user, password }) => {
    const token = Buffer.from(`${user}:${password}`).toString('base64');
    return [token.replace(/=+$/, ''), password];
  });
  const ofAws = [env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN']].filter(
    (value) => value !== undefined,
  );
  // In JSON, a secret with a quote or a backslash looks different.
  return [...ofCallers, ...ofAws].flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
}
