import { readFileSync } from 'node:fs';

/** The settings that determine where the SDK's credential chain looks for credentials. */
export interface CredentialSettings {
  /** AWS_PROFILE; if undefined, the chain uses the profile "default". */
  readonly profile: string | undefined;
  /** The shared configuration file and the shared credentials file. */
  readonly files: readonly string[];
  /** Whether both keys are set; the chain skips them if AWS_PROFILE is set. */
  readonly hasKeys: boolean;
  /** Whether AWS_WEB_IDENTITY_TOKEN_FILE is set. */
  readonly hasToken: boolean;
  /** The URL of the container credential endpoint. */
  readonly endpoint: string | undefined;
}

export type Link = 'env' | 'profile' | 'process' | 'token' | 'container' | 'instance';

/** Returns a noun phrase for the source, for messages. */
export function nameOfSource(link: Link, { profile = 'default', endpoint = '' }: CredentialSettings): string {
  switch (link) {
    case 'env':
      return 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
    case 'profile':
      return `the profile "${profile}"`;
    case 'process':
      return `the credential_process of the profile "${profile}"`;
    case 'token':
      return 'the web identity of AWS_WEB_IDENTITY_TOKEN_FILE';
    case 'container':
      return `the container credential endpoint ${endpoint}`;
    case 'instance':
      return 'the instance metadata service';
  }
}

/**
 * Returns a message if no shared file contains the profile in AWS_PROFILE, with the reason for each file. Returns
 * undefined if one of them contains it. The SDK treats an unreadable file as empty.
 */
export function missingProfile({ profile, files, hasKeys }: CredentialSettings): string | undefined {
  if (profile === undefined) return undefined;
  const faults = files.map((path) => faultOfFile(path, profile));
  if (faults.includes(undefined)) return undefined;
  const keys = hasKeys ? ', or unset it to use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' : '';
  return `the profile "${profile}" in AWS_PROFILE was not found (${faults.join(', ')}); correct AWS_PROFILE${keys}`;
}

function faultOfFile(path: string, profile: string): string | undefined {
  try {
    return sectionsOf(readFileSync(path, 'utf8')).has(profile) ? undefined : `${path} does not contain it`;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read: ${code}`;
  }
}

/**
 * The section headings are defined in https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html: `[NAME]` or
 * `[profile NAME]`.
 */
function sectionsOf(text: string): Set<string> {
  const headers = text.matchAll(/^\s*\[\s*(?:profile\s+)?["']?([^\]"']+?)["']?\s*\]/gm);
  return new Set([...headers].map(([, name = '']) => name));
}
