import { sampleToken } from './config/api-tokens.ts';
import type { Config } from './config/config.ts';

/**
 * Returns the text that is printed when the service starts with the embedded AWS. The curl commands in it work
 * unchanged.
 */
export function greeting(port: number, { accepted, host, tokenFile }: Config): string {
  const sample = accepted.some(
    ({ user, password }) => Buffer.from(`${user}:${password}`).toString('base64') === sampleToken,
  );
  const only = tokenFile === undefined ? '$API_TOKEN' : `$(cat '${tokenFile}')`;
  const token = sample ? sampleToken : accepted.length === 1 ? only : '<a token of API_TOKEN>';
  const allAddresses = host === '0.0.0.0' || host === '::';
  const url = `http://${allAddresses ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
  return `
  EMBEDDED AWS: the load balancers and instances are sample data in memory.
  ${sample ? 'The token is the public sample token. ' : ''}To use AWS, set AWS_BACKEND=aws, AWS credentials and API_TOKEN.

  curl ${url}/healthcheck
  curl -H "Authorization: Basic ${token}" ${url}/elb/default-elb
  curl -H "Authorization: Basic ${token}" -X POST   -d '{"instanceId":"i-0b22a22eec53b9321"}' ${url}/elb/default-elb
  curl -H "Authorization: Basic ${token}" -X DELETE -d '{"instanceId":"i-0b22a22eec53b9321"}' ${url}/elb/default-elb

  The API is described at ${url}/docs

`;
}
