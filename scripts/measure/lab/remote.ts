import { Unreachable } from '../load/load.ts';
import type { Remote } from '../options.ts';

/** Asks a deployed service once, before any load. @throws Unreachable with what is wrong, in a sentence */
export async function checkRemote(remote: Remote, signal: AbortSignal): Promise<void> {
  const health = await ask(remote, '/healthcheck', signal);
  if (health !== 200)
    throw new Unreachable(
      `${remote.url}/healthcheck answers ${health}, not 200: is this the service's address?`,
    );
  const list = await ask(remote, `/elb/${encodeURIComponent(remote.elb)}`, signal);
  if (list === 401) throw new Unreachable(`${remote.url} refuses the token: check --token.`);
  if (list === 404)
    throw new Unreachable(`${remote.url} knows no load balancer "${remote.elb}": name one with --elb.`);
  if (list !== 200)
    throw new Unreachable(`${remote.url}/elb/${remote.elb} answers ${list}, not 200: look at its log first.`);
}

async function ask({ url, authorization }: Remote, path: string, signal: AbortSignal): Promise<number> {
  try {
    const headers = { Authorization: authorization };
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
    const response = await fetch(url + path, { headers, signal: timeout, redirect: 'manual' });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    const { cause, message } = error as Error;
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
    throw new Unreachable(`${url} does not answer (${why}): check --url, and that the service runs.`, {
      cause: error,
    });
  }
}
