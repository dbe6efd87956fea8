import { parseArgs } from 'node:util';
import { DEFAULT_BEHAVIOUR, DRAINING, FORMER_MEMBERS } from './region/behaviour.ts';
import { controlCalls } from './control/control.ts';
import type { EmbeddedAwsOptions } from './server.ts';

/** The text of --help. */
export const USAGE = `Usage: npm run embedded-aws -- [options]

A classic ELB and EC2 API in memory, for any AWS client; any credentials are accepted.

  --port N        TCP port (default 5566; 0 takes any that is free)
  --host ADDRESS  address to listen on (default 127.0.0.1)
  --region NAME   region (default us-east-1)
  --latency MS    milliseconds that every call takes at least (default 0)
  --rate-limits   throttle as AWS does
  --elbs N        load balancers in all (at least the sample's 3)
  --instances N   instances in all (at least the sample's 25)
  --speed N       virtual seconds a second, for health checks and draining (default 1)
  --help          show this

What AWS does is not documented, or reported differently, in these (control path: /_control/behaviour, and "behaviour"
of one load balancer):

  --draining drop|keep   a registration made while the instance drains is lost when the draining ends, or not
                         (default keep)
  --list-draining        DescribeLoadBalancers lists draining instances
  --registration-lag N   seconds after Register in which DescribeInstanceHealth answers InvalidInstance (default 0)
  --former-members HOW   their health by id: out-of-service, unknown, invalid-instance, or fading: OutOfService for
                         5 s after the draining, InvalidInstance then (default fading)

Besides AWS's calls it answers these, in JSON:

${controlCalls()}
`;

/** A fault of the command line, in one sentence. */
export class UsageError extends Error {}

/** Returns the options of the command line, or 'help'. Throws UsageError. */
export function readOptions(args: string[]): EmbeddedAwsOptions | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    ...{ port: text, host: text, region: text, latency: text, elbs: text, instances: text, speed: text },
    ...{ draining: text, 'registration-lag': text, 'former-members': text },
    ...{ 'rate-limits': flag, 'list-draining': flag, help: flag },
  };
  const { values } = parseOrRefuse(() => parseArgs({ args, options }));
  if (values.help) return 'help';
  return {
    port: readNumber('port', values.port ?? '5566', 65_535),
    host: values.host ?? '127.0.0.1',
    region: values.region ?? 'us-east-1',
    latencyMs: readNumber('latency', values.latency ?? '0', 600_000),
    rateLimits: values['rate-limits'] ?? false,
    elbs: readNumber('elbs', values.elbs ?? '0', 10_000),
    instances: readNumber('instances', values.instances ?? '0', 60_000),
    speed: readNumber('speed', values.speed ?? '1', 86_400),
    behaviour: {
      draining: readChoice('draining', values.draining ?? DEFAULT_BEHAVIOUR.draining, DRAINING),
      listDraining: values['list-draining'] ?? false,
      registrationLag: readNumber('registration-lag', values['registration-lag'] ?? '0', 86_400),
      formerMembers: readChoice(
        'former-members',
        values['former-members'] ?? DEFAULT_BEHAVIOUR.formerMembers,
        FORMER_MEMBERS,
      ),
    },
  };
}

function parseOrRefuse<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(message.replaceAll('\n', ' '), { cause: error });
  }
}

function readNumber(flag: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= most) return number;
  throw new UsageError(`--${flag} takes a whole number from 0 to ${most}, not '${text}'.`);
}

function readChoice<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`--${flag} takes ${choices.join(', ')}, not '${text}'.`);
}
