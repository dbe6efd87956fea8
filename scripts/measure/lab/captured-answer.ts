import { listPath, members } from './embedded-aws.ts';
import { request, type Target } from '../load/request.ts';

/**
 * Returns the response of the service to a read of `default-elb`, as JSON, so that a baseline can send the same headers
 * and bytes.
 */
export async function captureAnswer(service: Target): Promise<string> {
  await request(service, listPath, { headers: { 'Cache-Control': 'no-cache' } });
  const response = await request(service, listPath);
  const body = await response.text();
  const { message } = JSON.parse(body) as { message: unknown[] };
  if (message.length !== members) throw new Error(`the list has ${message.length} members, not ${members}`);
  const headers = [...response.headers].filter(
    ([name]) => !['date', 'connection', 'keep-alive'].includes(name),
  );
  return JSON.stringify({
    headers: Object.fromEntries(headers),
    body,
    authorization: service.authorization,
  });
}
