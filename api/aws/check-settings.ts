import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing';
import { validateHeaderValue } from 'node:http';
import type { AwsClients } from './clients.ts';

/** What the SDK is about to send. */
interface Request {
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What both services' commands have of a middleware stack, as far as it is used here. */
interface Command {
  readonly middlewareStack: {
    add(
      middleware: () => (args: never) => Promise<never>,
      place: { step: 'finalizeRequest'; priority: 'low'; name: string },
    ): void;
  };
}

/** Ends a rehearsal that went well. */
class RequestIsValid extends Error {}

/**
 * Makes and signs a request of both services and sends neither. Throws what the first real request would fail with for
 * want of right settings: an endpoint that is no http URL, one beside FIPS, a header that cannot be sent.
 */
export async function checkSdkSettings({ elb, ec2 }: AwsClients): Promise<void> {
  const listElbs = new DescribeLoadBalancersCommand({});
  const listInstances = new DescribeInstancesCommand({});
  for (const command of [listElbs, listInstances] as unknown as Command[])
    command.middlewareStack.add(
      () => (args: never) => {
        checkRequest((args as { request: Request }).request);
        return Promise.reject(new RequestIsValid());
      },
      // The last step before the request is sent.
      { step: 'finalizeRequest', priority: 'low', name: 'rehearsal' },
    );
  const ignoreValid = (error: unknown) => {
    if (!(error instanceof RequestIsValid)) throw error;
  };
  await elb.send(listElbs).catch(ignoreValid);
  await ec2.send(listInstances).catch(ignoreValid);
}

function checkRequest({ protocol, headers }: Request): void {
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new Error(`${protocol} is not a scheme of an endpoint`);
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderValue(name, value);
    } catch {
      throw new Error(`the header ${name} would have a character that no header may have`);
    }
  }
}

/** Returns the region of the AWS profile in use, as the SDK reads it; undefined where there is none. */
export async function readProfileRegion(): Promise<string | undefined> {
  const client = new ElasticLoadBalancingClient({});
  return client.config.region().catch(() => undefined);
}
