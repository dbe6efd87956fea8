import assert from 'node:assert/strict';
import type { ElbName, Members } from '../../../load-balancers/instance.ts';
import { type Change, needsRead } from '../../../load-balancers/inventory/membership.ts';
import { RegionCache } from '../../../load-balancers/inventory/region-cache.ts';
import { descriptionsOf, elb, id } from '../../support/scripted-gateway.ts';

const web = elb('web');
const [a, b, c] = [id(1), id(2), id(3)];
const region = (entries: Record<string, Members>) =>
  descriptionsOf(Object.entries(entries) as [ElbName, Members][]);

describe('RegionCache', () => {
  let cache: RegionCache;
  beforeEach(() => {
    cache = new RegionCache();
  });
  const members = () => cache.get(web)?.members;
  const doubtful = () => needsRead(cache.get(web)!);
  const update = (listed: Members, asOf: number, elbName = web) => {
    cache.update(elbName, descriptionsOf([[elbName, listed]]).get(elbName)!, asOf);
  };
  /** Makes a change that is sent at `sentAt` and completed at `at`. */
  const change = (what: Change, listed: Members | undefined, sentAt = 10, at = 11) =>
    cache.changing(web, what, sentAt)({ listed, at });

  it('doubts a response that lacks the registered instance', () => {
    update([a], 1);
    assert.equal(change({ added: [b] }, [a]), false);
    assert.deepEqual(members(), [a, b]);
    assert.equal(doubtful(), true);
  });

  it('doubts a response that lists the deregistered instance', () => {
    update([a, b], 1);
    assert.equal(change({ removed: [b] }, [a, b]), false);
    assert.deepEqual(members(), [a]);
  });

  for (const [what, made, expected] of [
    ['attach', { added: [c] }, [a, b, c]],
    ['detach', { removed: [a] }, [b]],
  ] as const)
    it(`doubts the empty list that moto returns for the ${what}`, () => {
      update([a, b], 1);
      assert.equal(change(made, []), false);
      assert.deepEqual(members(), expected);
    });

  it('doubts a response that lacks a member without a change in flight', () => {
    update([a, b], 1);
    assert.equal(change({ added: [c] }, [a, c]), false);
    assert.deepEqual(members(), [a, b, c]);
  });

  it('doubts an instance whose attach and detach were in flight at once', () => {
    update([a, b], 1);
    const endAttach = cache.changing(web, { added: [b] }, 10);
    const endDetach = cache.changing(web, { removed: [b] }, 11);
    assert.equal(endDetach({ listed: [a], at: 12 }), false);
    assert.equal(endAttach({ listed: [a, b], at: 13 }), false);
    assert.equal(doubtful(), true);
    update([a], 14);
    assert.deepEqual(members(), [a]);
    assert.equal(doubtful(), false);
  });

  it('applies a change whose response was lost, and doubts the members', () => {
    update([a, b], 1);
    assert.equal(change({ removed: [b] }, undefined), false);
    assert.deepEqual(members(), [a]);
    assert.equal(doubtful(), true);
  });

  it('keeps the members if AWS made no change', () => {
    update([a, b], 1);
    assert.equal(cache.changing(web, { removed: [b] }, 10)(), true);
    assert.deepEqual([members(), doubtful()], [[a, b], false]);
  });

  it('takes the members of a consistent response, in its order, with new members', () => {
    update([a], 1);
    assert.equal(change({ added: [b] }, [c, b, a]), true);
    assert.deepEqual(members(), [c, b, a]);
    assert.equal(doubtful(), false);
    assert.equal(cache.get(web)?.asOf, 10, 'as old as the call');
  });

  it('takes the empty list after the detach of the last member', () => {
    update([a], 1);
    assert.equal(change({ removed: [a] }, []), true);
    assert.deepEqual(members(), []);
  });

  describe('with overlapping changes', () => {
    it('does not list an instance again whose detach was answered first', () => {
      update([a, b], 1);
      const attach = cache.changing(web, { added: [c] }, 10);
      const detach = cache.changing(web, { removed: [a] }, 11);
      assert.equal(detach({ listed: [b, c], at: 12 }), true);
      assert.equal(attach({ listed: [a, b, c], at: 13 }), true);
      assert.deepEqual(members(), [b, c]);
    });

    it('keeps an instance whose attach was answered first', () => {
      update([a], 1);
      const attach = cache.changing(web, { added: [b] }, 10);
      const other = cache.changing(web, { added: [c] }, 11);
      attach({ listed: [a, b], at: 12 });
      assert.equal(other({ listed: [a, c], at: 13 }), true);
      assert.deepEqual(members(), [a, c, b]);
    });

    it('takes a response that lacks a member whose detach is in flight', () => {
      update([a, b], 1);
      const detach = cache.changing(web, { removed: [a] }, 10);
      assert.equal(change({ added: [c] }, [b, c], 11, 12), true);
      assert.deepEqual(members(), [b, c]);
      detach({ listed: [b, c], at: 13 });
      assert.deepEqual(members(), [b, c]);
    });

    it('takes only the change from a response to a call that was sent before a later read', () => {
      update([a], 1);
      const attach = cache.changing(web, { added: [b] }, 10);
      update([a, c], 11);
      assert.equal(attach({ listed: [a, b], at: 12 }), true);
      assert.deepEqual(members(), [a, c, b]);
      assert.equal(cache.get(web)?.asOf, 11);
    });
  });

  it('corrects a list whose call was sent before the response to a change', () => {
    update([a], 1);
    cache.changing(web, { added: [b] }, 10)({ listed: [a, b], at: 20 });
    cache.updateRegion(region({ web: [a, c] }), 15);
    assert.deepEqual([members(), cache.get(web)?.asOf], [[a, c, b], 15]);
    update([c], 21);
    assert.deepEqual(members(), [c], 'a later call shows the change');
  });

  it('keeps a load balancer that was changed after the call that did not list it', () => {
    update([a], 1);
    change({ added: [b] }, [a, b], 10, 20);
    cache.updateRegion(region({}), 15);
    cache.remove(web, 15);
    assert.deepEqual(members(), [a, b]);
  });

  it('ignores the response to an earlier call', () => {
    update([a], 5);
    update([b], 4);
    cache.updateRegion(region({}), 4);
    assert.deepEqual(members(), [a]);
  });

  it('does not add a load balancer that a later call did not find', () => {
    update([a], 1);
    cache.remove(web, 5);
    cache.updateRegion(region({ web: [a] }), 4);
    assert.equal(members(), undefined);
    cache.updateRegion(region({ web: [b] }), 6);
    assert.deepEqual(members(), [b]);
  });

  it('ends a doubt with a later call, not with an earlier one', () => {
    update([a], 1);
    cache.doubt(web, 10);
    update([b], 9);
    assert.equal(doubtful(), true);
    update([a], 11);
    assert.deepEqual([members(), doubtful()], [[a], false]);
    assert.equal(cache.get(web)?.changedAt, 10);
  });

  it('drops a load balancer and its traits if AWS no longer lists or finds it', () => {
    cache.updateRegion(region({ web: [a], shop: [b] }), 1);
    cache.updateRegion(region({ shop: [b] }), 2);
    assert.equal(members(), undefined);
    cache.remove(elb('shop'), 3);
    assert.equal(cache.get(elb('shop')), undefined);
    assert.deepEqual([cache.traits(elb('shop')), cache.loadBalancers().loadBalancers], [undefined, []]);
  });

  it('keeps the same array, with a new age, if AWS lists the same members', () => {
    update([a, b], 1);
    const before = members();
    cache.updateRegion(region({ web: [a, b] }), 5);
    assert.equal(members(), before);
    assert.equal(cache.get(web)?.asOf, 5);
    assert.equal(cache.regionAsOf, 5);
  });

  it('changes the revision of the list of load balancers only with members, traits or names', () => {
    const both = region({ web: [a], shop: [b] });
    const revisions: number[] = [];
    const revisionAfter = (step: () => unknown) => {
      step();
      revisions.push(cache.loadBalancers().revision);
    };
    revisionAfter(() => {
      cache.updateRegion(both, 1);
    });
    revisionAfter(() => {
      update([a, c], 2);
    });
    revisionAfter(() => change({ added: [b] }, [a, c, b]));
    const withTraits = both.get(web)!;
    const traits = { ...withTraits.traits, dnsName: 'other' };
    revisionAfter(() => {
      cache.update(web, { members: [a, c, b], traits }, 12);
    });
    revisionAfter(() => {
      cache.remove(elb('shop'), 13);
    });
    assert.equal(new Set(revisions).size, revisions.length, 'one for each content');
    const before = cache.loadBalancers();
    cache.update(web, { members: [a, c, b], traits: structuredClone(traits) }, 14);
    cache.doubt(web, 15);
    assert.equal(cache.loadBalancers(), before);
  });

  it('yields the members of recently read load balancers', () => {
    cache.updateRegion(region({ web: [a], shop: [b, c] }), 1);
    cache.noteRead(web, 10);
    assert.deepEqual([...cache.membersReadSince(5)], [a]);
    assert.deepEqual([...cache.everyMember()], [a, b, c]);
  });
});
