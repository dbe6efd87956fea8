import assert from 'node:assert/strict';
import type { ElbName, Members } from '../../../load-balancers/instance.ts';
import { type Change, isDoubtful } from '../../../load-balancers/inventory/membership.ts';
import { RegionCache } from '../../../load-balancers/inventory/region-cache.ts';
import { descriptionsOf, elb, id } from '../../support/scripted-gateway.ts';

const web = elb('web');
const [a, b, c] = [id(1), id(2), id(3)];
const region = (entries: Record<string, Members>) =>
  descriptionsOf(Object.entries(entries) as [ElbName, Members][]);

describe('Picture', () => {
  let picture: RegionCache;
  beforeEach(() => {
    picture = new RegionCache();
  });
  const members = () => picture.get(web)?.members;
  const doubtful = () => isDoubtful(picture.get(web)!);
  const learn = (listed: Members, asOf: number, elbName = web) => {
    picture.learn(elbName, descriptionsOf([[elbName, listed]]).get(elbName)!, asOf);
  };
  /** A change that is sent at one time and answered at another, by default with nothing in between. */
  const change = (what: Change, listed: Members | undefined, sentAt = 10, at = 11) =>
    picture.changing(web, what, sentAt)({ listed, at });

  it('does not believe an answer to a change that lacks what was just registered', () => {
    learn([a], 1);
    assert.equal(change({ added: [b] }, [a]), false);
    assert.deepEqual(members(), [a, b]);
    assert.equal(doubtful(), true);
  });

  it('does not believe an answer that still lists what was just deregistered', () => {
    learn([a, b], 1);
    assert.equal(change({ removed: [b] }, [a, b]), false);
    assert.deepEqual(members(), [a]);
  });

  for (const [what, made, expected] of [
    ['attach', { added: [c] }, [a, b, c]],
    ['detach', { removed: [a] }, [b]],
  ] as const)
    it(`does not believe the empty list with which moto answers the ${what}`, () => {
      learn([a, b], 1);
      assert.equal(change(made, []), false);
      assert.deepEqual(members(), expected);
    });

  it('does not believe an answer that lacks a member of which no change is in flight', () => {
    learn([a, b], 1);
    assert.equal(change({ added: [c] }, [a, c]), false);
    assert.deepEqual(members(), [a, b, c]);
  });

  it('doubts an instance whose attach and detach were in flight at once, whichever was answered first', () => {
    learn([a, b], 1);
    const endAttach = picture.changing(web, { added: [b] }, 10);
    const endDetach = picture.changing(web, { removed: [b] }, 11);
    assert.equal(endDetach({ listed: [a], at: 12 }), false);
    assert.equal(endAttach({ listed: [a, b], at: 13 }), false);
    assert.equal(doubtful(), true);
    learn([a], 14);
    assert.deepEqual(members(), [a]);
    assert.equal(doubtful(), false);
  });

  it('takes it that the change was made where its answer was lost, and doubts it', () => {
    learn([a, b], 1);
    assert.equal(change({ removed: [b] }, undefined), false);
    assert.deepEqual(members(), [a]);
    assert.equal(doubtful(), true);
  });

  it('leaves the members as they are where AWS made no change', () => {
    learn([a, b], 1);
    assert.equal(picture.changing(web, { removed: [b] }, 10)(), true);
    assert.deepEqual([members(), doubtful()], [[a, b], false]);
  });

  it('believes an answer that fits, in its order, with members that are new to it', () => {
    learn([a], 1);
    assert.equal(change({ added: [b] }, [c, b, a]), true);
    assert.deepEqual(members(), [c, b, a]);
    assert.equal(doubtful(), false);
    assert.equal(picture.get(web)?.asOf, 10, 'as old as the call');
  });

  it('believes the empty list after the last member was detached', () => {
    learn([a], 1);
    assert.equal(change({ removed: [a] }, []), true);
    assert.deepEqual(members(), []);
  });

  describe('where changes overlap', () => {
    it('does not list an instance again whose detach was answered first, though the other answer has it', () => {
      learn([a, b], 1);
      const attach = picture.changing(web, { added: [c] }, 10);
      const detach = picture.changing(web, { removed: [a] }, 11);
      assert.equal(detach({ listed: [b, c], at: 12 }), true);
      assert.equal(attach({ listed: [a, b, c], at: 13 }), true);
      assert.deepEqual(members(), [b, c]);
    });

    it('keeps an instance whose attach was answered first, though the other answer lacks it', () => {
      learn([a], 1);
      const attach = picture.changing(web, { added: [b] }, 10);
      const other = picture.changing(web, { added: [c] }, 11);
      attach({ listed: [a, b], at: 12 });
      assert.equal(other({ listed: [a, c], at: 13 }), true);
      assert.deepEqual(members(), [a, c, b]);
    });

    it('believes an answer that lacks a member whose detach has no answer yet', () => {
      learn([a, b], 1);
      const detach = picture.changing(web, { removed: [a] }, 10);
      assert.equal(change({ added: [c] }, [b, c], 11, 12), true);
      assert.deepEqual(members(), [b, c]);
      detach({ listed: [b, c], at: 13 });
      assert.deepEqual(members(), [b, c]);
    });

    it('takes only the change itself from an answer whose call left before a younger read', () => {
      learn([a], 1);
      const attach = picture.changing(web, { added: [b] }, 10);
      learn([a, c], 11);
      assert.equal(attach({ listed: [a, b], at: 12 }), true);
      assert.deepEqual(members(), [a, c, b]);
      assert.equal(picture.get(web)?.asOf, 11);
    });
  });

  it('corrects the list of a call that left before a change was answered, and dates it as that call', () => {
    learn([a], 1);
    picture.changing(web, { added: [b] }, 10)({ listed: [a, b], at: 20 });
    picture.learnRegion(region({ web: [a, c] }), 15);
    assert.deepEqual([members(), picture.get(web)?.asOf], [[a, c, b], 15]);
    learn([c], 21);
    assert.deepEqual(members(), [c], 'a call that left later shows the change');
  });

  it('keeps a load balancer that was changed after the call left that did not show it', () => {
    learn([a], 1);
    change({ added: [b] }, [a, b], 10, 20);
    picture.learnRegion(region({}), 15);
    picture.forget(web, 15);
    assert.deepEqual(members(), [a, b]);
  });

  it('lets no older call overwrite a younger one', () => {
    learn([a], 5);
    learn([b], 4);
    picture.learnRegion(region({}), 4);
    assert.deepEqual(members(), [a]);
  });

  it('does not bring back a load balancer that a younger call did not find', () => {
    learn([a], 1);
    picture.forget(web, 5);
    picture.learnRegion(region({ web: [a] }), 4);
    assert.equal(members(), undefined);
    picture.learnRegion(region({ web: [b] }), 6);
    assert.deepEqual(members(), [b]);
  });

  it('ends a doubt with a call that left after it, not with one that left before', () => {
    learn([a], 1);
    picture.doubt(web, 10);
    learn([b], 9);
    assert.equal(doubtful(), true);
    learn([a], 11);
    assert.deepEqual([members(), doubtful()], [[a], false]);
    assert.equal(picture.get(web)?.changedAt, 10);
  });

  it('drops a load balancer, with its traits, that the region no longer has or that AWS does not find', () => {
    picture.learnRegion(region({ web: [a], shop: [b] }), 1);
    picture.learnRegion(region({ shop: [b] }), 2);
    assert.equal(members(), undefined);
    picture.forget(elb('shop'), 3);
    assert.equal(picture.get(elb('shop')), undefined);
    assert.deepEqual([picture.traits(elb('shop')), picture.loadBalancers().loadBalancers], [undefined, []]);
  });

  it('keeps the same members as long as AWS lists the same, and notes that they are younger', () => {
    learn([a, b], 1);
    const before = members();
    picture.learnRegion(region({ web: [a, b] }), 5);
    assert.equal(members(), before);
    assert.equal(picture.get(web)?.asOf, 5);
    assert.equal(picture.regionAsOf, 5);
  });

  it('gives the list of load balancers another revision only when members, traits or names change', () => {
    const both = region({ web: [a], shop: [b] });
    const revisions: number[] = [];
    const revisionAfter = (step: () => unknown) => {
      step();
      revisions.push(picture.loadBalancers().revision);
    };
    revisionAfter(() => {
      picture.learnRegion(both, 1);
    });
    revisionAfter(() => {
      learn([a, c], 2);
    });
    revisionAfter(() => change({ added: [b] }, [a, c, b]));
    const withTraits = both.get(web)!;
    const traits = { ...withTraits.traits, dnsName: 'other' };
    revisionAfter(() => {
      picture.learn(web, { members: [a, c, b], traits }, 12);
    });
    revisionAfter(() => {
      picture.forget(elb('shop'), 13);
    });
    assert.equal(new Set(revisions).size, revisions.length, 'one for each content');
    const before = picture.loadBalancers();
    picture.learn(web, { members: [a, c, b], traits: structuredClone(traits) }, 14);
    picture.doubt(web, 15);
    assert.equal(picture.loadBalancers(), before);
  });

  it('lists the members of the load balancers that were read recently', () => {
    picture.learnRegion(region({ web: [a], shop: [b, c] }), 1);
    picture.read(web, 10);
    assert.deepEqual([...picture.membersReadSince(5)], [a]);
    assert.deepEqual([...picture.everyMember()], [a, b, c]);
  });
});
