import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../time.ts';
import { type ChainClientConfig, readChain } from './credential-chain.ts';
import type { CredentialSettings } from './credential-sources.ts';
import { AwsCredentials } from './aws-credentials.ts';
import { RequestHandler, type RequestHandlerOptions } from './request-handler.ts';

export interface AwsClientOptions extends RequestHandlerOptions {
  readonly region: string;
  /** How often a request is sent at most, 3 times by default. */
  readonly maxAttempts?: number;
  /** The URL of AWS; without it, the SDK finds it (AWS_ENDPOINT_URL, the region's endpoint). */
  readonly endpoint?: string;
  /** False for an AWS in this process: FIPS, dual-stack and proxy settings of the environment do not apply to it. */
  readonly amazonsOwn?: boolean;
  /** The credentials; without them, the SDK's own chain finds them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where the SDK's own chain looks for them. */
  readonly credentialSettings?: CredentialSettings;
  /** Milliseconds until a reading of the credentials is given up, 15,000 by default. */
  readonly credentialsTimeoutMs?: number;
  /** Gets what there is to know of the chain. */
  readonly logger?: Pick<Logger, 'info' | 'warn'>;
  readonly clock: Clock;
}

export interface AwsClients {
  readonly elb: ElasticLoadBalancingClient;
  readonly ec2: EC2Client;
  readonly credentials: AwsCredentials;
  readonly region: string;
}

/** Returns clients of both services that keep their connections and repeat a request that fails for a passing reason. */
export function createAwsClients(options: AwsClientOptions): AwsClients {
  const { region, endpoint } = options;
  const requestHandler = new RequestHandler({ ...options, direct: options.amazonsOwn === false });
  const credentials = credentialsOf(options, { region, requestHandler });
  const shared = {
    region,
    maxAttempts: options.maxAttempts ?? 3,
    ...(options.amazonsOwn === false && { useFipsEndpoint: false, useDualstackEndpoint: false }),
    ...(endpoint !== undefined && { endpoint }),
    credentials: credentials.provider,
    requestHandler,
  };
  return { elb: new ElasticLoadBalancingClient(shared), ec2: new EC2Client(shared), credentials, region };
}

const silent = { info: () => undefined, warn: () => undefined };
const nothingSet = { profile: undefined, files: [], hasKeys: false, hasToken: false, endpoint: undefined };

function credentialsOf(options: AwsClientOptions, clientConfig: ChainClientConfig): AwsCredentials {
  const {
    credentials: given,
    credentialSettings = nothingSet,
    credentialsTimeoutMs: timeoutMs = 15_000,
  } = options;
  const { clock, logger = silent } = options;
  return given === undefined
    ? new AwsCredentials(() => readChain(credentialSettings, clientConfig, logger), {
        timeoutMs,
        logger,
        clock,
      })
    : new AwsCredentials(() => ({ identity: Promise.resolve(given), source: 'this process' }), {
        timeoutMs,
        logger: silent,
        clock,
      });
}
