import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { startEmbeddedAws, type EmbeddedAws, type EmbeddedAwsOptions } from '../../embedded-aws/server.ts';

/** Instances in the sample region. */
export const ids = {
  member: 'i-5203422c',
  secondMember: 'i-0a4f8c3e9d1b27650',
  thirdMember: 'i-6d304aae',
  free: 'i-0b22a22eec53b9321',
  alsoFree: 'i-0c4d1e7f8a9b03562',
  zoneD: 'i-0809da4b5627c412e',
  stopped: 'i-091aeb5c6738d523f',
  terminated: 'i-0a2bfc6d7849e6340',
  otherVpc: 'i-0b3c0d7e895af7451',
  unknown: 'i-0ffffffffffffffff',
};

/** A running embedded AWS, with SDK clients. */
export interface Lab {
  readonly aws: EmbeddedAws;
  readonly elb: ElasticLoadBalancingClient;
  readonly ec2: EC2Client;
  /** Sends a call with the credential scope of `service`. */
  call(
    service: string,
    parameters: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<RawAnswer>;
  control(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: Record<string, unknown> }>;
  close(): Promise<void>;
}

export interface RawAnswer {
  readonly status: number;
  readonly requestId: string | null;
  readonly text: string;
}

export function authorization(service: string, region = 'us-east-1'): string {
  return `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}

export async function startLab(options: EmbeddedAwsOptions = {}): Promise<Lab> {
  const aws = await startEmbeddedAws(options);
  const config = {
    endpoint: aws.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  const elb = new ElasticLoadBalancingClient(config);
  const ec2 = new EC2Client(config);
  return {
    aws,
    elb,
    ec2,
    async call(service, parameters, headers = { authorization: authorization(service) }) {
      const response = await fetch(aws.url, {
        method: 'POST',
        body: new URLSearchParams(parameters),
        headers,
      });
      return {
        status: response.status,
        requestId: response.headers.get('x-amzn-requestid'),
        text: await response.text(),
      };
    },
    async control(method, path, body) {
      const content = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(`${aws.url}/_control${path}`, {
        method,
        ...(body === undefined ? {} : { body: content }),
      });
      return { status: response.status, json: (await response.json()) as Record<string, unknown> };
    },
    async close() {
      elb.destroy();
      ec2.destroy();
      await aws.close();
    },
  };
}
