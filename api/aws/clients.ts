import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../clock.ts';
import { type ChainClientConfig, readChain } from './credential-chain.ts';
import type { CredentialSettings } from './credential-sources.ts';
import { AwsCredentials } from './aws-credentials.ts';
import { RequestHandler, type RequestHandlerOptions } from './request-handler.ts';

export interface AwsClientOptions extends RequestHandlerOptions {
  readonly region: string;
  /** Maximum attempts per request; 3 by default. */
  readonly maxAttempts?: number;
  /** The endpoint. By default, the SDK chooses it: AWS_ENDPOINT_URL or the endpoint of the region. */
  readonly endpoint?: string;
  /**
   * Whether the clients call the embedded AWS. If true, the FIPS, dual-stack and proxy settings in the environment are
   * ignored.
   */
  readonly embedded?: boolean;
  /** The credentials. By default, the SDK credential chain determines them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The settings that determine where the credential chain looks for credentials. */
  readonly credentialSettings?: CredentialSettings;
  /** The timeout for one run of the credential chain, in milliseconds; 15,000 by default. */
  readonly credentialsTimeoutMs?: number;
  /** Receives messages about the credential chain. */
  readonly logger?: Pick<Logger, 'info' | 'warn'>;
  readonly clock: Clock;
}

export interface AwsClients {
  readonly elb: ElasticLoadBalancingClient;
  readonly ec2: EC2Client;
  readonly credentials: AwsCredentials;
  readonly region: string;
}

/** Returns clients for both services. They share persistent connections, retries and credentials. */
export function createAwsClients(options: AwsClientOptions): AwsClients {
  const { region, endpoint } = options;
  const requestHandler = new RequestHandler({ ...options, direct: options.embedded === true });
  const credentials = credentialsOf(options, { region, requestHandler });
  const shared = {
    region,
    maxAttempts: options.maxAttempts ?? 3,
    ...(options.embedded === true && { useFipsEndpoint: false, useDualstackEndpoint: false }),
    ...(endpoint !== undefined && { endpoint }),
    credentials: credentials.provider,
    requestHandler,
  };
  return { elb: new ElasticLoadBalancingClient(shared), ec2: new EC2Client(shared), credentials, region };
}

const silent = { info: () => undefined, warn: () => undefined };
const nothingSet = { profile: undefined, files: [], hasKeys: false, hasToken: false, endpoint: undefined };

function credentialsOf(options: AwsClientOptions, clientConfig: ChainClientConfig): AwsCredentials {
  const { clock, credentials: identity, credentialSettings = nothingSet } = options;
  const logger = identity === undefined ? (options.logger ?? silent) : silent;
  return new AwsCredentials(
    identity === undefined
      ? () => readChain(credentialSettings, clientConfig, logger)
      : () => ({ identity: Promise.resolve(identity), source: 'this process' }),
    { timeoutMs: options.credentialsTimeoutMs ?? 15_000, logger, clock },
  );
}
