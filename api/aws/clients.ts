import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { Credentials } from './credentials.ts';
import { RequestHandler, type RequestHandlerOptions } from './request-handler.ts';

export interface AwsClientOptions extends RequestHandlerOptions {
  readonly region: string;
  /** How often a request is sent at most, 3 times by default. */
  readonly maxAttempts?: number;
  /** The URL of AWS; without it, the SDK finds it (AWS_ENDPOINT_URL, the region's endpoint). */
  readonly endpoint?: string;
  /** False for an AWS in this process: it is no FIPS or dual-stack endpoint and is reached without a proxy, whatever the environment says. */
  readonly amazonsOwn?: boolean;
  /** The credentials; without them, the SDK's own chain finds them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface AwsClients {
  readonly elb: ElasticLoadBalancingClient;
  readonly ec2: EC2Client;
  readonly credentials: Credentials;
  readonly region: string;
}

/** Returns clients of both services that keep their connections and repeat a request that fails for a passing reason. */
export function createAwsClients(options: AwsClientOptions): AwsClients {
  const { region, endpoint, credentials: given } = options;
  const credentials = new Credentials(given && (() => Promise.resolve(given)));
  const shared = {
    region,
    maxAttempts: options.maxAttempts ?? 3,
    ...(options.amazonsOwn === false && { useFipsEndpoint: false, useDualstackEndpoint: false }),
    ...(endpoint !== undefined && { endpoint }),
    credentials: credentials.provider,
    requestHandler: new RequestHandler({ ...options, direct: options.amazonsOwn === false }),
  };
  return { elb: new ElasticLoadBalancingClient(shared), ec2: new EC2Client(shared), credentials, region };
}
