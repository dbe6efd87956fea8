import { ports } from '../config/ports';
import { serviceDimension, serviceMetrics } from '../monitoring/service-metrics';

/** The OTLP port of the CloudWatch agent (CloudWatch user guide, "Collect metrics and traces with OpenTelemetry"). */
export const otlpEndpoint = 'http://127.0.0.1:4318';

const etc = '/opt/aws/amazon-cloudwatch-agent/etc';

export interface AgentMetricsProps {
  readonly serviceName: string;
  readonly logGroupName: string;
  readonly metricNamespace: string;
}

/** Files for the CloudWatch agent, which a host writes at its first boot. */
export interface AgentMetrics {
  /** An additional agent configuration: the metrics to send, and the port for traces. */
  readonly agent: object;
  /** The scrape configuration in the Prometheus format. The host replaces INSTANCE_ID. */
  readonly scrape: object;
}

/**
 * Returns the files. The agent writes the metrics to the log group in the embedded metric format, from which CloudWatch
 * reads them (CloudWatch user guide, "Set up and configure Prometheus metrics collection on Amazon EC2 instances").
 */
export function agentMetrics({
  serviceName,
  logGroupName,
  metricNamespace,
}: AgentMetricsProps): AgentMetrics {
  const labels = [...new Set(serviceMetrics.map(({ by }) => by?.label))];
  const prometheus = {
    prometheus_config_path: `${etc}/prometheus.json`,
    log_group_name: logGroupName,
    emf_processor: {
      metric_namespace: metricNamespace,
      metric_declaration_dedup: true,
      metric_declaration: labels.map((label) => ({
        source_labels: [serviceDimension],
        label_matcher: `^${serviceName}$`,
        dimensions: [[serviceDimension, ...(label === undefined ? [] : [label])]],
        metric_selectors: serviceMetrics
          .filter(({ by }) => by?.label === label)
          .map(({ name }) => `^${name}$`),
      })),
    },
  };
  return {
    agent: {
      logs: { metrics_collected: { prometheus } },
      traces: {
        traces_collected: {
          otlp: { grpc_endpoint: '127.0.0.1:4317', http_endpoint: otlpEndpoint.replace('http://', '') },
        },
      },
    },
    scrape: {
      global: { scrape_interval: '1m', scrape_timeout: '10s' },
      scrape_configs: [
        {
          // The name of the log stream.
          job_name: 'INSTANCE_ID/metrics',
          authorization: { credentials_file: `${etc}/metrics-token` },
          static_configs: [
            { targets: [`127.0.0.1:${ports.api.toString()}`], labels: { [serviceDimension]: serviceName } },
          ],
          // All other metrics would be billed as log lines.
          metric_relabel_configs: [
            {
              source_labels: ['__name__'],
              regex: serviceMetrics.map(({ name }) => name).join('|'),
              action: 'keep',
            },
          ],
        },
      ],
    },
  };
}
