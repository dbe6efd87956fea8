import { setTimeout as sleep } from 'node:timers/promises';
import { control, membersOf } from '../../lab/embedded-aws.ts';
import type { Server } from '../../lab/lab.ts';
import type { Session } from '../../lab/session.ts';
import { delay } from '../../load/load.ts';
import { Recorder, type Run } from '../../load/recorder.ts';
import { request, Unreachable } from '../../load/request.ts';

interface Changes {
  readonly run: Run;
  /** The number of 201 responses that contradict AWS or the list from the service. */
  readonly wrong: number;
  /** The ids of the members before the first change. */
  readonly members: readonly string[];
}

/**
 * Alternately attaches and detaches one instance, and compares the list with AWS after each 201 response. The duration
 * of a change starts when the change is due, so that a slow change increases the duration of the next change. Restores
 * the load balancer. @throws Unreachable
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
    if (status === 201 && !(await truth.confirms(instance, isMember))) wrong += 1;
    recorder.sample(1);
  }
  for (let attempt = 0; attempt < 10 && isMember !== members.includes(instance); attempt += 1) {
    if ((await change()) !== 201) await sleep(1000);
  }
  if (isMember !== members.includes(instance))
    throw new Unreachable(
      `${instance} could not be ${isMember ? 'detached' : 'attached'} again; do it manually.`,
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

/**
 * The members according to AWS: from the control path of the embedded AWS, or from the `no-cache` list of a deployed
 * service.
 */
class Truth {
  readonly #server: Server;
  readonly #path: string;

  constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  get #elbName(): string {
    return this.#path.slice('/elb/'.length);
  }

  async members(): Promise<string[]> {
    const { aws } = this.#server;
    if (aws !== undefined) {
      // AWS drops an instance that is attached again while its connections drain. This is not measured here.
      const connectionDraining = { enabled: false, timeout: 300 };
      await control(aws, 'PUT', `load-balancers/${this.#elbName}`, { connectionDraining });
    }
    return this.#ofAws();
  }

  async confirms(instance: string, isMember: boolean): Promise<boolean> {
    const lists = [await this.#list({}), await this.#ofAws()];
    return lists.every((list) => list.includes(instance) === isMember);
  }

  #ofAws(): Promise<string[]> {
    const { aws } = this.#server;
    return aws === undefined ? this.#list({ 'Cache-Control': 'no-cache' }) : membersOf(aws, this.#elbName);
  }

  async #list(headers: Record<string, string>): Promise<string[]> {
    const response = await ask(this.#server, this.#path, { headers });
    const { message } = (await response.json()) as { message: { instanceId: string }[] | string };
    return Array.isArray(message) ? message.map(({ instanceId }) => instanceId) : [];
  }
}

async function ask(server: Server, path: string, init: RequestInit): Promise<Response> {
  try {
    return await request(server, path, init);
  } catch (error) {
    throw new Unreachable(`${server.url} does not respond: the server has ended.`, { cause: error });
  }
}
