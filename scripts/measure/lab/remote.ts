import { request, type Target, Unreachable } from '../load/request.ts';
import type { Remote } from '../options.ts';

/** Checks a deployed service before any load is sent. @throws Unreachable with the problem and advice */
export async function checkRemote(remote: Remote, signal: AbortSignal): Promise<void> {
  const health = await statusOf(remote, '/healthcheck', signal);
  if (health !== 200)
    throw new Unreachable(
      `${remote.url}/healthcheck responds with ${health}, not 200; check that --url is the address of the service.`,
    );
  const list = await statusOf(remote, `/elb/${encodeURIComponent(remote.elb)}`, signal);
  if (list === 401) throw new Unreachable(`${remote.url} refuses the token; check --token.`);
  if (list === 404)
    throw new Unreachable(
      `${remote.url} has no load balancer "${remote.elb}"; set another load balancer with --elb.`,
    );
  if (list !== 200)
    throw new Unreachable(
      `${remote.url}/elb/${remote.elb} responds with ${list}, not 200; read the log of the service.`,
    );
}

async function statusOf(target: Target, path: string, signal: AbortSignal): Promise<number> {
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
    const response = await request(target, path, { signal: timeout, redirect: 'manual' });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    const { cause, message } = error as Error;
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
    throw new Unreachable(
      `${target.url} does not respond (${why}); check --url, and check that the service is running.`,
      {
        cause: error,
      },
    );
  }
}
