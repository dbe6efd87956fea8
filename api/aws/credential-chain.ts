import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { Logger } from '../telemetry/logger.ts';
import { CredentialsFailure } from './credentials-failure.ts';
import { type CredentialSettings, type Link, missingProfile, nameOfSource } from './credential-sources.ts';
import type { Identity, Reading } from './aws-credentials.ts';
import type { RequestHandler } from './request-handler.ts';

/** The configuration for requests by the credential providers, such as requests to STS. */
export interface ChainClientConfig {
  readonly region: string;
  readonly requestHandler: RequestHandler;
}

/** The debug lines that the SDK logs when it starts to read a source. */
const startLines: readonly [line: RegExp, link: Link][] = [
  [/defaultProvider::fromEnv$/, 'env'],
  [/defaultProvider::fromIni$/, 'profile'],
  [/fromProcess$/, 'process'],
  [/defaultProvider::fromTokenFile$/, 'token'],
  [/remoteProvider::fromHttp/, 'container'],
  [/remoteProvider::fromInstanceMetadata$/, 'instance'],
];

/** Longer reasons are truncated at the beginning, because programs write the error last. */
const maxReasonLength = 300;

/** Starts to load credentials with the SDK credential chain, without the SDK's cache of the shared files. */
export function readChain(
  settings: CredentialSettings,
  clientConfig: ChainClientConfig,
  logger: Pick<Logger, 'warn'>,
): Reading {
  const chainLog = new ChainLog(settings, logger);
  const provider = defaultProvider({ ignoreCache: true, maxRetries: 1, logger: chainLog, clientConfig });
  return {
    identity: provider().catch((error: unknown): Promise<Identity> => {
      throw chainLog.failure(error);
    }),
    get source() {
      return chainLog.source;
    },
    get failedSource() {
      return chainLog.failedSource;
    },
  };
}

/**
 * The SDK logger for one run of the chain. If a source fails, the chain tries the next one and reports only the last
 * failure; its debug lines contain all failures.
 */
class ChainLog {
  readonly #settings: CredentialSettings;
  readonly #logger: Pick<Logger, 'warn'>;
  #link: Link = 'env';
  /** Whether the profile contains credential settings. */
  #profileIsUsed = false;
  readonly #failures: { readonly link: Link; readonly reason: string }[] = [];

  constructor(settings: CredentialSettings, logger: Pick<Logger, 'warn'>) {
    this.#settings = settings;
    this.#logger = logger;
  }

  debug(...[line]: unknown[]): void {
    if (typeof line !== 'string') return;
    const failure = /^@smithy\/property-provider (?:->|\(!\)) ([^]*)/.exec(line)?.[1];
    if (failure !== undefined) {
      this.#failures.push({ link: this.#link, reason: failure });
      return;
    }
    this.#profileIsUsed ||= this.#link === 'profile' && !/::|fromIni$/.test(line);
    this.#link = startLines.find(([start]) => start.test(line))?.[1] ?? this.#link;
  }

  warn(...[line]: unknown[]): void {
    if (typeof line === 'string') this.#logger.warn({}, line.replace(/\s+/g, ' ').trim());
  }

  info(): void {
    // Ignores the requests of the credential providers.
  }

  error(...[line]: unknown[]): void {
    this.warn(line);
  }

  get source(): string {
    return nameOfSource(this.#link, this.#settings);
  }

  /** The failure of the first configured source that failed. Undefined if no configured source failed. */
  get failedSource(): string | undefined {
    const failed = this.#failures.find(({ link }) => this.#isSet(link));
    if (failed === undefined) return undefined;
    const isProfile = failed.link === 'profile' || failed.link === 'process';
    const missing = isProfile ? missingProfile(this.#settings) : undefined;
    return missing ?? `${this.#nameOf(failed.link)} failed: ${readableReason(failed.reason)}`;
  }

  failure(error: unknown): CredentialsFailure {
    const reason = error instanceof Error ? error.message : String(error);
    // Some providers throw without writing a log line.
    this.#failures.push({ link: this.#link, reason });
    const failed = this.#failures.find(({ link }) => this.#isSet(link));
    return new CredentialsFailure(
      failed === undefined ? undefined : `${this.#nameOf(failed.link)} failed`,
      this.failedSource ?? reason,
      error,
    );
  }

  #nameOf(link: Link): string {
    return nameOfSource(link, this.#settings);
  }

  #isSet(link: Link): boolean {
    const { profile, endpoint, hasToken } = this.#settings;
    if (link === 'profile' || link === 'process') return profile !== undefined || this.#profileIsUsed;
    return (link === 'container' && endpoint !== undefined) || (link === 'token' && hasToken);
  }
}

/**
 * The message from the SDK after a source has failed without a log line, for example because an endpoint responded with
 * an HTTP error.
 */
const noReason = 'Could not load credentials from any providers';

/**
 * Removes the command from the standard error output of a program. Node.js prepends the command, which can contain
 * secrets.
 */
function readableReason(reason: string): string {
  const text = reason
    .replace(/^Command failed: .*\n?/, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (text === noReason) return 'it did not return credentials, for example because of an HTTP error';
  if (text === '') return 'it exited with an error and no output on standard error';
  return text.length > maxReasonLength ? `…${text.slice(-maxReasonLength)}` : text;
}
