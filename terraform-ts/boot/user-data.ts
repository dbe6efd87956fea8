import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentMetrics } from './agent-metrics';

/** The values of a deployment. They are not secret. */
export interface UserDataProps {
  readonly region: string;
  readonly serviceName: string;
  readonly source: { readonly repository: string; readonly ref: string };
  readonly tokenParameter: string;
  readonly metricsTokenParameter: string | undefined;
  /** The settings of the service. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroupName: string;
  readonly metricNamespace: string;
  /** Whether the CloudWatch agent sends the metrics and traces of the service. */
  readonly sendMetrics: boolean;
  /** The group whose launch action the host completes, or the load balancer with which the host registers itself. */
  readonly ready:
    { readonly groupName: string; readonly lifecycleHook: string } | { readonly elbName: string };
}

/** The maximum size of user data in EC2, before base64 encoding (EC2 user guide, "user data"). */
export const maxUserDataBytes = 16_384;

const body = readFileSync(join(__dirname, 'user-data.sh'), 'utf8');

/** Returns the script for the first boot. Throws if it exceeds the EC2 limit. */
export function userData({ ready, source, ...props }: UserDataProps): string {
  const { agent, scrape } = agentMetrics(props);
  const values = {
    REGION: props.region,
    SERVICE_NAME: props.serviceName,
    REPOSITORY: source.repository,
    GIT_REF: source.ref,
    API_TOKEN_PARAMETER: props.tokenParameter,
    METRICS_TOKEN_PARAMETER: props.metricsTokenParameter ?? '',
    ENVIRONMENT: Object.entries(props.environment)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    LOG_GROUP: props.logGroupName,
    METRIC_NAMESPACE: props.metricNamespace,
    AGENT_METRICS: props.sendMetrics ? JSON.stringify(agent) : '',
    SCRAPE_CONFIG: props.sendMetrics ? JSON.stringify(scrape) : '',
    GROUP_NAME: 'groupName' in ready ? ready.groupName : '',
    LIFECYCLE_HOOK: 'groupName' in ready ? ready.lifecycleHook : '',
    ELB_NAME: 'elbName' in ready ? ready.elbName : '',
  };
  const assignments = Object.entries(values).map(([name, value]) => `readonly ${name}=${quoted(value)}`);
  const script = ['#!/usr/bin/env bash', ...assignments, body].join('\n');
  const bytes = Buffer.byteLength(script);
  if (bytes > maxUserDataBytes)
    throw new Error(
      `The user data has ${bytes.toString()} bytes; EC2 allows ${maxUserDataBytes.toString()}.`,
    );
  return script;
}

/**
 * Returns the script in base64 for Terraform. It is encoded here instead of with base64encode of Terraform, because
 * Terraform would interpret each `${…}` in the script.
 */
export function encodedUserData(props: UserDataProps): string {
  return Buffer.from(userData(props)).toString('base64');
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
