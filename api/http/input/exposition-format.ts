import type { ExpositionFormat } from '../../telemetry/exposition.ts';

/**
 * Returns the format for an Accept header: OpenMetrics if the header lists `application/openmetrics-text` with at least
 * the quality of `text/plain`, as Prometheus does. Ignores the versions, because the service supports only one version
 * of each format.
 */
export function readExpositionFormat(accept: string): ExpositionFormat {
  const openmetrics = qualityOf('application/openmetrics-text', accept);
  return openmetrics > 0 && openmetrics >= qualityOf('text/plain', accept) ? 'openmetrics' : 'prometheus';
}

/** Returns the highest quality (RFC 9110, 12.4.2) of the media type, or 0 if the header does not list it. */
function qualityOf(mediaType: string, accept: string): number {
  const qualities = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== mediaType) return 0;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0;
  });
  return Math.max(...qualities);
}
