import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';

export interface AwsClientOptions {
  readonly region: string;
  /** Milliseconds until a connection must stand. */
  readonly connectTimeoutMs: number;
  /** Milliseconds until one attempt must be answered. */
  readonly answerTimeoutMs: number;
  /** How often a request is sent at most, 3 times by default. */
  readonly maxAttempts?: number;
  /** Where AWS is, when it is not to be found in the SDK's own way (AWS_ENDPOINT_URL, the region's endpoint). */
  readonly endpoint?: string;
  /** False where the endpoint is never one of Amazon's own kinds, FIPS or dual-stack, whatever the SDK's settings say. */
  readonly amazonsOwn?: boolean;
  /** The credentials, when they are not to be found by the SDK's own chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface AwsClients {
  readonly elb: ElasticLoadBalancingClient;
  readonly ec2: EC2Client;
  readonly region: string;
}

/** Returns clients of both services that keep their connections and repeat a request that fails for a passing reason. */
export function createAwsClients(options: AwsClientOptions): AwsClients {
  const shared = {
    region: options.region,
    maxAttempts: options.maxAttempts ?? 3,
    ...(options.amazonsOwn === false && { useFipsEndpoint: false, useDualstackEndpoint: false }),
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.credentials !== undefined && { credentials: options.credentials }),
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs,
      requestTimeout: options.answerTimeoutMs,
      // The timeout above ends with the head of the answer, this one holds for its body as well.
      socketTimeout: options.answerTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent({ keepAlive: true }),
      httpsAgent: new HttpsAgent({ keepAlive: true }),
    },
  };
  return { elb: new ElasticLoadBalancingClient(shared), ec2: new EC2Client(shared), region: options.region };
}
