import type { TracerOptions } from '../telemetry/tracer.ts';
import type { Env } from './aws-settings.ts';

/**
 * Returns the endpoint for spans according to the OpenTelemetry settings, or undefined without
 * OTEL_EXPORTER_OTLP_ENDPOINT. Adds errors to `faults`. The errors do not contain the values of headers, which are
 * secrets: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function readTracing(env: Env, faults: string[]): TracerOptions | undefined {
  const headers = readHeaders(env['OTEL_EXPORTER_OTLP_HEADERS'] ?? '', faults);
  const ratio = env['OTEL_TRACES_SAMPLER_ARG'] || '1';
  if (!/^(0(\.\d+)?|1(\.0+)?)$/.test(ratio))
    faults.push(
      `OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, for example OTEL_TRACES_SAMPLER_ARG=0.1; it is "${ratio}"`,
    );
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!endpoint) return undefined;
  if (!/^https?:\/\/[^\s"'<>?#@]+$/.test(endpoint) || !URL.canParse(endpoint)) {
    faults.push(
      'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL without a user, password or query, for example OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318; send credentials in OTEL_EXPORTER_OTLP_HEADERS',
    );
    return undefined;
  }
  return {
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers,
    serviceName: env['OTEL_SERVICE_NAME'] || 'elb-inventory',
    sampleRatio: Number(ratio),
  };
}

/** Reads a list such as `name=value,name=value`. The values are percent-encoded. */
function readHeaders(text: string, faults: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, item] of text.split(',').filter(Boolean).entries()) {
    const [, name = '', value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*([\x20-\x7e]*?)\s*$/.exec(item) ?? [];
    const decoded = decode(value);
    if (name !== '' && decoded !== undefined) headers[name] = decoded;
    else
      faults.push(
        `OTEL_EXPORTER_OTLP_HEADERS, header ${index + 1}, must be name=value with a percent-encoded value, for example OTEL_EXPORTER_OTLP_HEADERS=api-key=secret`,
      );
  }
  return headers;
}

/**
 * Returns the decoded text. Returns undefined if the text is not percent-encoded or contains characters that are not
 * allowed in headers.
 */
function decode(value: string): string | undefined {
  try {
    const text = decodeURIComponent(value);
    return /^[\x20-\x7e]*$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
