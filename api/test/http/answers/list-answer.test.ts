import assert from 'node:assert/strict';
import { ListAnswers } from '../../../http/answers/list-answer.ts';
import type { ElbName, InstanceId, MachineInfo } from '../../../load-balancers/instance.ts';
import type { InstanceList } from '../../../load-balancers/inventory/lists.ts';

const elbName = 'default-elb' as ElbName;
const instanceOf = (instanceId: string): MachineInfo => ({
  instanceId: instanceId as InstanceId,
  instanceType: undefined,
  launchDate: undefined,
});
const listOf = (revision: number, facts: Partial<InstanceList> = {}): InstanceList => ({
  instances: [instanceOf('i-5203422c')],
  revision,
  asOf: 0,
  freshUntil: 30_000,
  how: 'hit',
  ...facts,
});
const header = ({ headers }: { headers: readonly string[] }, name: string) =>
  headers[headers.indexOf(name) + 1];

describe('ListAnswers', () => {
  it('builds a new body for a new revision, with an ETag of its content', () => {
    const lists = new ListAnswers();
    const first = lists.of(elbName, listOf(1), 0);
    const second = lists.of(elbName, listOf(2, { instances: [instanceOf('i-6d304aae')] }), 0);
    assert.match(second.body, /i-6d304aae/);
    assert.notEqual(second.etag, first.etag);
    assert.equal(lists.of(elbName, listOf(3), 0).etag, first.etag);
  });

  it('serializes a revision once, and builds its headers once per second of age', () => {
    const lists = new ListAnswers();
    const first = lists.of(elbName, listOf(1), 0);
    assert.equal(lists.of(elbName, listOf(1, { instances: [] }), 999), first);
    const second = lists.of(elbName, listOf(1, { instances: [] }), 1000);
    assert.equal(second.body, first.body);
    assert.deepEqual(
      [first, second].map((answer) => header(answer, 'Age')),
      ['0', '1'],
    );
  });

  it('states the age and the source of each list of the same revision', () => {
    const lists = new ListAnswers();
    lists.of(elbName, listOf(1), 5000);
    const newer = lists.of(elbName, listOf(1, { asOf: 100, freshUntil: 30_100 }), 5100);
    assert.match(header(newer, 'Cache-Status') ?? '', /hit; ttl=25$/);
    const stale = lists.of(elbName, listOf(1, { how: 'stale' }), 5000);
    assert.match(header(stale, 'Cache-Status') ?? '', /detail=stale/);
  });

  it('caches the responses of each load balancer separately', () => {
    const lists = new ListAnswers();
    lists.of(elbName, listOf(1), 0);
    assert.match(lists.of('other' as ElbName, listOf(1, { instances: [] }), 0).body, /\[\]/);
  });
});
