import assert from 'node:assert/strict';
import type { Members } from '../../load-balancers/load-balancer-gateway.ts';
import type { ElbName } from '../../load-balancers/machine.ts';
import { Picture } from '../../load-balancers/picture.ts';
import { descriptionsOf, elb, id } from '../support/scripted-gateway.ts';

const web = elb('web');
const [a, b, c] = [id(1), id(2), id(3)];
const region = (entries: Record<string, Members>) =>
  descriptionsOf(Object.entries(entries) as [ElbName, Members][]);

describe('Picture', () => {
  let picture: Picture;
  beforeEach(() => {
    picture = new Picture();
  });
  const members = () => picture.get(web)?.members;

  it('does not believe an answer to a change that lacks what was just registered', () => {
    picture.learn(web, [a], 1);
    assert.equal(picture.changed(web, { added: [b] }, [a]), false);
    assert.deepEqual(members(), [a, b]);
    assert.equal(picture.get(web)?.doubtful, true);
  });

  it('does not believe an answer that still lists what was just deregistered', () => {
    picture.learn(web, [a, b], 1);
    assert.equal(picture.changed(web, { removed: [b] }, [a, b]), false);
    assert.deepEqual(members(), [a]);
  });

  for (const [what, change, expected] of [
    ['attach', { added: [c] }, [a, b, c]],
    ['detach', { removed: [a] }, [b]],
  ] as const)
    it(`does not believe the empty list with which moto answers the ${what}`, () => {
      picture.learn(web, [a, b], 1);
      assert.equal(picture.changed(web, change, []), false);
      assert.deepEqual(members(), expected);
    });

  it('does not believe an answer that lacks another member known a moment ago', () => {
    picture.learn(web, [a, b], 1);
    assert.equal(picture.changed(web, { added: [c] }, [a, c]), false);
    assert.deepEqual(members(), [a, b, c]);
  });

  it('takes it that the change was made where its answer was lost, and doubts it', () => {
    picture.learn(web, [a, b], 1);
    assert.equal(picture.changed(web, { removed: [b] }, undefined), false);
    assert.deepEqual(members(), [a]);
    assert.equal(picture.get(web)?.doubtful, true);
  });

  it('believes an answer that fits, in its order, with members that are new to it', () => {
    picture.learn(web, [a], 1);
    assert.equal(picture.changed(web, { added: [b] }, [c, b, a]), true);
    assert.deepEqual(members(), [c, b, a]);
    assert.equal(picture.get(web)?.doubtful, false);
  });

  it('believes the empty list after the last member was detached', () => {
    picture.learn(web, [a], 1);
    assert.equal(picture.changed(web, { removed: [a] }, []), true);
    assert.deepEqual(members(), []);
  });

  it('lets no call that left before a change overwrite it, whatever it told', () => {
    const early = performance.now() - 10;
    picture.learn(web, [a], 1);
    picture.changed(web, { added: [b] }, [a, b]);
    picture.learnRegion(region({ web: [a] }), early);
    assert.deepEqual(members(), [a, b]);
    picture.learnRegion(region({}), early);
    picture.forget(web, early);
    assert.deepEqual(members(), [a, b]);
    picture.learnRegion(region({ web: [c] }), performance.now() + 1);
    assert.deepEqual(members(), [c]);
  });

  it('ends a doubt with a call that left after it, not with one that left before', () => {
    picture.learn(web, [a], 1);
    picture.doubt(web);
    picture.learn(web, [b], 2);
    assert.equal(picture.get(web)?.doubtful, true);
    picture.learn(web, [a], performance.now() + 1);
    assert.deepEqual([members(), picture.get(web)?.doubtful], [[a], false]);
  });

  it('drops a load balancer that the region no longer has, or that AWS does not know', () => {
    picture.learnRegion(region({ web: [a], shop: [b] }), 1);
    picture.learnRegion(region({ shop: [b] }), 2);
    assert.equal(members(), undefined);
    picture.forget(elb('shop'), 3);
    assert.equal(picture.get(elb('shop')), undefined);
  });

  it('keeps the same members as long as AWS lists the same, and notes that they are younger', () => {
    const list = [a, b];
    picture.learn(web, list, 1);
    const before = picture.get(web);
    picture.learnRegion(region({ web: [a, b] }), 5);
    assert.equal(picture.get(web), before);
    assert.equal(before?.asOf, 5);
    assert.equal(picture.regionAsOf, 5);
  });

  it('tells the members of the load balancers that somebody read lately', () => {
    picture.learnRegion(region({ web: [a], shop: [b, c] }), 1);
    picture.get(web)!.readAt = 10;
    assert.deepEqual([...picture.membersReadSince(5)], [a]);
    assert.deepEqual([...picture.everyMember()], [a, b, c]);
  });
});
