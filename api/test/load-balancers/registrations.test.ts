import assert from 'node:assert/strict';
import { DomainError } from '../../errors.ts';
import type { Members } from '../../load-balancers/load-balancer-gateway.ts';
import type { InstanceId } from '../../load-balancers/machine.ts';
import { Registrations } from '../../load-balancers/registrations.ts';
import { startTrace } from '../../telemetry.ts';
import { elb, id, ids, ScriptedGateway } from '../support/scripted-gateway.ts';

const [web, shop] = [elb('web'), elb('shop')];

/** AWS, as far as Register goes: it refuses every call that names `refused`. */
class RegisteringGateway extends ScriptedGateway {
  readonly calls: Members[] = [];
  refused: InstanceId | undefined;
  failure: Error | undefined;

  override async register(...[, instanceIds]: [unknown, Members?]): Promise<Members> {
    const asked = instanceIds ?? [];
    this.calls.push(asked);
    await this.held;
    if (this.failure !== undefined) throw this.failure;
    if (this.refused !== undefined && asked.includes(this.refused))
      throw new DomainError('instance_refused', 'AWS refused the instance');
    return asked;
  }
}

describe('Registrations', () => {
  let gateway: RegisteringGateway;
  let registered: Members[];
  let registrations: Registrations;
  beforeEach(() => {
    gateway = new RegisteringGateway();
    registered = [];
    registrations = new Registrations(async (elbName, added) => {
      const listed = await gateway.register(elbName, added);
      registered.push(added);
      return listed;
    });
  });
  const together = (instanceId: InstanceId, elbName = web) =>
    registrations.together(elbName, instanceId, startTrace(5000));

  it('fail alike for all who share a call, where AWS fails', async () => {
    gateway.failure = new DomainError('aws_throttled', 'AWS is asked too often');
    const ends = await Promise.allSettled(ids(3).map((one) => together(one)));
    assert.ok(ends.every((end) => end.status === 'rejected' && end.reason === gateway.failure));
    assert.equal(gateway.calls.length, 1);
    assert.deepEqual(registered, []);
  });

  it('are tried singly where AWS refuses one, which alone fails', async () => {
    gateway.refused = id(1);
    const ends = await Promise.allSettled(ids(3).map((one) => together(one)));
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(gateway.calls, [ids(3), [id(0)], [id(1)], [id(2)]]);
    assert.deepEqual(registered, [[id(0)], [id(2)]]);
  });

  it('share a call when they come together, for each load balancer its own', async () => {
    await Promise.all([...ids(3).map((one) => together(one)), together(id(9), shop)]);
    assert.deepEqual(gateway.calls, [ids(3), [id(9)]]);
    assert.deepEqual(registered, [ids(3), [id(9)]]);
  });

  it('share the next call when they come while one is under way, and do not wait for a stuck one', async () => {
    const release = gateway.hold();
    const first = together(id(0));
    await new Promise((resolve) => setImmediate(resolve));
    const others = [together(id(1)), together(id(2))];
    while (gateway.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(gateway.calls, [[id(0)], [id(1), id(2)]]);
    release();
    await Promise.all([first, ...others]);
  });
});
