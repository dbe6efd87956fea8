import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing';
import { validateHeaderValue } from 'node:http';
import type { Command } from './aws-call.ts';
import type { AwsClients } from './clients.ts';

interface Request {
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Thrown to stop a valid request before it is sent. */
class RequestIsValid extends Error {}

/**
 * Builds and signs a request to each service without sending it. Throws if the first request would fail because of the
 * settings: an endpoint that is not an HTTP URL, a custom endpoint with FIPS, or an invalid header value.
 */
export async function checkSdkSettings({ elb, ec2 }: AwsClients): Promise<void> {
  const listElbs = new DescribeLoadBalancersCommand({});
  const listInstances = new DescribeInstancesCommand({});
  const commands: Command[] = [listElbs, listInstances];
  for (const { middlewareStack } of commands)
    middlewareStack.add(
      () => (args: never) => {
        checkRequest((args as { request: Request }).request);
        return Promise.reject(new RequestIsValid());
      },
      // This is the last step before the request is sent.
      { step: 'finalizeRequest', priority: 'low', name: 'checkSettings' },
    );
  const ignoreValid = (error: unknown) => {
    if (!(error instanceof RequestIsValid)) throw error;
  };
  await elb.send(listElbs).catch(ignoreValid);
  await ec2.send(listInstances).catch(ignoreValid);
}

function checkRequest({ protocol, headers }: Request): void {
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new Error(`the scheme of the endpoint is ${protocol}, not http: or https:`);
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderValue(name, value);
    } catch {
      throw new Error(`the header ${name} would contain an invalid character`);
    }
  }
}

/** Returns the region of the active AWS profile as the SDK determines it, or undefined if the profile has no region. */
export async function readProfileRegion(): Promise<string | undefined> {
  const client = new ElasticLoadBalancingClient({});
  return client.config.region().catch(() => undefined);
}
