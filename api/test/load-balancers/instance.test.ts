import assert from 'node:assert/strict';
import { parseElbName, parseInstanceId } from '../../load-balancers/instance.ts';

describe('parseInstanceId', () => {
  const refused = [
    ...['', 'i-', 'i-0123456', 'i-012345678', 'i-0123456789abcdef', 'i-0123456789abcdef01', 'i-5203422G'],
    ...['i-5203422C', 'I-5203422c', '5203422c', 'ami-5203422c', ' i-5203422c', 'i-5203422c\n', 'i_5203422c'],
  ];
  for (const text of refused)
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseInstanceId(text), undefined);
    });
  for (const text of ['i-5203422c', 'i-0a4f8c3e9d1b27650'])
    it(`accepts ${text}`, () => {
      assert.equal(parseInstanceId(text), text);
    });
});

describe('parseElbName', () => {
  const refused = [
    ...['', '-', '-shop', 'shop-', 'my shop', 'my_shop', 'shop.eu', 'läden', 'shop\n', '../shop', '%73hop'],
    'x'.repeat(33),
  ];
  for (const text of refused)
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseElbName(text), undefined);
    });
  for (const text of ['x', '7', 'shop', 'Shop-2-eu', 'a--b', 'x'.repeat(32)])
    it(`accepts ${text}`, () => {
      assert.equal(parseElbName(text), text);
    });
});
