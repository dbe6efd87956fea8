import { parseArgs } from 'node:util';
import { DEFAULT_BEHAVIOUR, DRAINING, FORMER_MEMBERS } from './region/undocumented-behaviour.ts';
import { controlCalls } from './control/control.ts';
import type { EmbeddedAwsOptions } from './server.ts';

/** The text of --help. */
export const USAGE = `Usage: npm run embedded-aws -- [options]

A classic ELB and EC2 API in memory, for any AWS client; any credentials are accepted.

  --port N        TCP port (default 5566; 0 uses any free port)
  --host ADDRESS  address to listen on (default 127.0.0.1)
  --region NAME   region (default us-east-1)
  --latency MS    minimum latency of every call in milliseconds (default 0)
  --rate-limits   throttle as AWS does
  --elbs N        number of load balancers (at least the 3 of the sample)
  --instances N   number of instances (at least the 25 of the sample)
  --speed N       virtual seconds per second, for health checks and draining (default 1)
  --help          show this help

These options select behaviour of AWS that is undocumented or reported inconsistently. They can also be set with
/_control/behaviour and, per load balancer, with "behaviour":

  --draining drop|keep   drop or keep a registration made during draining when the draining ends (default keep)
  --list-draining        DescribeLoadBalancers lists draining instances
  --registration-lag N   seconds after Register during which DescribeInstanceHealth returns InvalidInstance (default 0)
  --former-members HOW   health of former members by id: out-of-service, unknown, invalid-instance, or fading, which is
                         OutOfService for 5 s after the draining and then InvalidInstance (default fading)

Control API, in JSON:

${controlCalls()}
`;

/** The command line is invalid. */
export class UsageError extends Error {}

/** Returns the command-line options, or 'help'. Throws a UsageError if an option is invalid. */
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

function readNumber(flag: string, text: string, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= max) return number;
  throw new UsageError(`--${flag} must be a whole number from 0 to ${max}, not '${text}'.`);
}

function readChoice<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`--${flag} takes ${choices.join(', ')}, not '${text}'.`);
}
