import { control } from '../lab/processes.ts';
import type { Server } from '../lab/lab.ts';
import { delay, Unreachable } from './load.ts';
import { Recorder, type Run } from './recorder.ts';
import type { Session } from '../lab/session.ts';

interface Changes {
  readonly run: Run;
  /** Answers with 201 after which AWS, or the service's own list, showed something else. */
  readonly wrong: number;
  /** Who was a member before the first change. */
  readonly members: readonly string[];
}

/**
 * Attaches and detaches one instance in turn, so many times a second, and looks after each 201 whether AWS has it so.
 * Each change is timed from when it was due, so that a slow one does not hide the wait of the next. Leaves the load
 * balancer as it was. @throws Unreachable
 */
export async function changeMembers(
  session: Session,
  server: Server,
  { instance, seconds, perSecond }: { instance: string; seconds: number; perSecond: number },
): Promise<Changes> {
  const truth = new Truth(server, session.listPath);
  const members = await truth.members();
  const recorder = new Recorder();
  const startedAt = performance.now();
  let isMember = members.includes(instance);
  let wrong = 0;
  const change = async (): Promise<number> => {
    const status = await send(server, session.listPath, isMember ? 'DELETE' : 'POST', instance);
    if (status === 201) isMember = !isMember;
    return status;
  };
  for (let n = 0; n < seconds * perSecond && !session.signal.aborted; n += 1) {
    const due = startedAt + (n * 1000) / perSecond;
    await delay(due - performance.now(), session.signal);
    const status = await change();
    recorder.answer(status, performance.now() - due);
    if (status === 201 && !(await truth.bearsOut(instance, isMember))) wrong += 1;
    recorder.sample(1);
  }
  for (let attempt = 0; attempt < 10 && isMember !== members.includes(instance); attempt += 1) {
    if ((await change()) !== 201) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  if (isMember !== members.includes(instance))
    throw new Unreachable(
      `${instance} could not be ${isMember ? 'detached' : 'attached'} again: do that by hand.`,
    );
  const what = {
    scenario: session.scenario,
    label: 'attach and detach',
    server: server.kind,
    connections: 1,
  };
  const cut = session.signal.aborted ? { cut: true as const } : {};
  return { run: recorder.finish({ ...what, rate: perSecond, ...cut }, false), wrong, members };
}

async function send(server: Server, path: string, method: string, instanceId: string): Promise<number> {
  const response = await ask(server, path, { method, body: JSON.stringify({ instanceId }) });
  await response.arrayBuffer();
  return response.status;
}

/** Who is a member: of the embedded AWS by its control path, of a deployed service by a list that AWS is asked for. */
class Truth {
  readonly #server: Server;
  readonly #path: string;

  constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  async members(): Promise<string[]> {
    const { aws } = this.#server;
    if (aws === undefined) return this.#list({ 'Cache-Control': 'no-cache' });
    // An instance that is attached again while its connections drain is lost: another matter than the one measured.
    const name = this.#path.slice('/elb/'.length);
    await control(aws, 'PUT', `load-balancers/${name}`, {
      connectionDraining: { enabled: false, timeout: 300 },
    });
    return this.#ofAws(aws, name);
  }

  async bearsOut(instance: string, isMember: boolean): Promise<boolean> {
    const { aws } = this.#server;
    const name = this.#path.slice('/elb/'.length);
    const own = await this.#list({});
    const actual =
      aws === undefined ? await this.#list({ 'Cache-Control': 'no-cache' }) : await this.#ofAws(aws, name);
    return own.includes(instance) === isMember && actual.includes(instance) === isMember;
  }

  async #ofAws(aws: string, name: string): Promise<string[]> {
    const response = await fetch(`${aws}/_control/load-balancers/${name}`);
    const { instances } = (await response.json()) as { instances: (string | { instanceId: string })[] };
    return instances.map((one) => (typeof one === 'string' ? one : one.instanceId));
  }

  async #list(headers: Record<string, string>): Promise<string[]> {
    const response = await ask(this.#server, this.#path, { headers });
    const { message } = (await response.json()) as { message: { instanceId: string }[] | string };
    return Array.isArray(message) ? message.map(({ instanceId }) => instanceId) : [];
  }
}

async function ask(server: Server, path: string, init: RequestInit): Promise<Response> {
  const headers = { Authorization: server.authorization, ...(init.headers as Record<string, string>) };
  try {
    return await fetch(server.url + path, { ...init, headers });
  } catch (error) {
    throw new Unreachable(`${server.url} does not answer: the server has ended.`, { cause: error });
  }
}
