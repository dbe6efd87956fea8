import { sampleToken } from './config/api-tokens.ts';
import type { Config } from './config/config.ts';

/** Returns what a person sees who starts the service on the embedded AWS: commands that work as they are. */
export function greeting(port: number, { accepted, host, tokenFile }: Config): string {
  const sample = accepted.some(
    ({ user, password }) => Buffer.from(`${user}:${password}`).toString('base64') === sampleToken,
  );
  const only = tokenFile === undefined ? '$API_TOKEN' : `$(cat '${tokenFile}')`;
  const token = sample ? sampleToken : accepted.length === 1 ? only : '<a token of API_TOKEN>';
  const everywhere = host === '0.0.0.0' || host === '::';
  const url = `http://${everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
  return `
  EMBEDDED AWS: the load balancers and instances are made up, and live in memory only.
  ${sample ? 'The token is the public sample. ' : ''}Set AWS_BACKEND=aws, credentials and API_TOKEN for the real ones.

  curl ${url}/healthcheck
  curl -H "Authorization: Basic ${token}" ${url}/elb/default-elb
  curl -H "Authorization: Basic ${token}" -X POST   -d '{"instanceId":"i-0b22a22eec53b9321"}' ${url}/elb/default-elb
  curl -H "Authorization: Basic ${token}" -X DELETE -d '{"instanceId":"i-0b22a22eec53b9321"}' ${url}/elb/default-elb

  The API is described at ${url}/docs

`;
}
