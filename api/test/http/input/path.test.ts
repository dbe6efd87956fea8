import assert from 'node:assert/strict';
import { DomainError } from '../../../errors.ts';
import { readElbName } from '../../../http/input/path.ts';

describe('readElbName', () => {
  it('refuses invalid names, and shortens them in the error', () => {
    for (const raw of [undefined, '', '-x', 'my elb', 'x'.repeat(33)])
      assert.throws(
        () => readElbName(raw),
        (error) => error instanceof DomainError && error.code === 'elb_not_found',
      );
    assert.throws(
      () => readElbName('y'.repeat(5000)),
      /^DomainError: the elb does not exist: "y{64}…" is not a valid load balancer name; use 1 to 32/,
    );
    assert.equal(readElbName('default-elb'), 'default-elb');
  });
});
