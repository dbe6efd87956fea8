import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { Logger } from '../telemetry/logger.ts';
import { CredentialsFailure } from './credentials-failure.ts';
import { type CredentialSettings, type Link, missingProfile, nameOfSource } from './credential-sources.ts';
import type { Identity, Reading } from './aws-credentials.ts';
import type { RequestHandler } from './request-handler.ts';

/** What the providers of the chain use for requests of their own, such as those to STS. */
export interface ChainClientConfig {
  readonly region: string;
  readonly requestHandler: RequestHandler;
}

/** What the SDK's log lines say of the chain: the beginning of a link, or of a part of the profile's link. */
const beginnings: readonly [line: RegExp, link: Link][] = [
  [/defaultProvider::fromEnv$/, 'env'],
  [/defaultProvider::fromIni$/, 'profile'],
  [/fromProcess$/, 'process'],
  [/defaultProvider::fromTokenFile$/, 'token'],
  [/remoteProvider::fromHttp/, 'container'],
  [/remoteProvider::fromInstanceMetadata$/, 'instance'],
];

/** Characters of a reason that are shown: its end, as a program writes its error last. */
const longestReason = 300;

/** Starts to read credentials by the SDK's own chain, past its cache of the shared files. */
export function readChain(
  settings: CredentialSettings,
  clientConfig: ChainClientConfig,
  logger: Pick<Logger, 'warn'>,
): Reading {
  const journal = new Journal(settings, logger);
  const provider = defaultProvider({ ignoreCache: true, maxRetries: 1, logger: journal, clientConfig });
  return {
    identity: provider().catch((error: unknown): Promise<Identity> => {
      throw journal.failure(error);
    }),
    get source() {
      return journal.source;
    },
    get passedOver() {
      return journal.passedOver;
    },
  };
}

/**
 * The SDK's logger for one reading. After a source that fails, the chain goes on to the next one and reports the last
 * failure only; its debug lines have all of them.
 */
class Journal {
  readonly #settings: CredentialSettings;
  readonly #logger: Pick<Logger, 'warn'>;
  #link: Link = 'env';
  /** Whether the profile has something to read credentials with. */
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
    this.#link = beginnings.find(([beginning]) => beginning.test(line))?.[1] ?? this.#link;
  }

  warn(...[line]: unknown[]): void {
    if (typeof line === 'string') this.#logger.warn({}, line.replace(/\s+/g, ' ').trim());
  }

  info(): void {
    // The requests of the chain's own clients.
  }

  error(...[line]: unknown[]): void {
    this.warn(line);
  }

  /** The source that is read now. */
  get source(): string {
    return nameOfSource(this.#link, this.#settings);
  }

  /** What is wrong with the first source that is set and failed; undefined where there is none. */
  get passedOver(): string | undefined {
    const failed = this.#failures.find(({ link }) => this.#isSet(link));
    if (failed === undefined) return undefined;
    const isProfile = failed.link === 'profile' || failed.link === 'process';
    const missing = isProfile ? missingProfile(this.#settings) : undefined;
    return missing ?? `${this.#nameOf(failed.link)} failed: ${readableReason(failed.reason)}`;
  }

  failure(error: unknown): CredentialsFailure {
    const reason = error instanceof Error ? error.message : String(error);
    // Some providers throw without a line in the log.
    this.#failures.push({ link: this.#link, reason });
    const failed = this.#failures.find(({ link }) => this.#isSet(link));
    return new CredentialsFailure(
      failed === undefined ? undefined : `${this.#nameOf(failed.link)} failed`,
      this.passedOver ?? reason,
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

/** The SDK's last word, after a source that failed without a line in the log: an endpoint that answered with an HTTP error. */
const noReason = 'Could not load credentials from any providers';

/** Node puts the command of a program that failed before its standard error; commands can have secrets. */
function readableReason(reason: string): string {
  const said = reason
    .replace(/^Command failed: .*\n?/, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (said === noReason) return 'it answered without credentials, such as with an HTTP error';
  if (said === '') return 'it ended with an error and wrote nothing to standard error';
  return said.length > longestReason ? `…${said.slice(-longestReason)}` : said;
}
