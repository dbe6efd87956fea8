import assert from 'node:assert/strict';
import { monthlyCost } from './support/cost';
import { readmeTable } from './support/readme';
import { synthesize } from './support/synthesized';

/** The columns of the table. */
const setups = [
  {},
  { METRICS: 'cloudwatch', METRICS_TOKEN_PARAMETER: '/elb-inventory/metrics-token' },
  { HOSTS: 'single', INSTANCE_TYPE: 't4g.micro' },
  { MIN_HOSTS: '2', INSTANCE_TYPE: 't4g.small' },
  { MIN_HOSTS: '2', INSTANCE_TYPE: 't4g.small', HOST_SUBNETS: 'private' },
];

it('README.md lists the price and the monthly cost of each part, and the total', () => {
  // The costs are in whole cents, so that the rows add up to the total.
  const costs = setups.map((env) =>
    monthlyCost(synthesize(env)).map(([part, price, usd]) => [part, price, Math.round(usd * 100)] as const),
  );
  const shown = (cents: number) => (cents / 100).toFixed(2);
  const rows = (costs[0] ?? []).map(([part, price], at) => [
    part,
    price,
    ...costs.map((each) => shown(each[at]?.[2] ?? NaN)),
  ]);
  const sums = costs.map((each) => each.reduce((sum, [, , cents]) => sum + cents, 0));
  assert.deepEqual(readmeTable('USD per month'), [
    ...rows,
    ['**total**', '', ...sums.map((sum) => `**${shown(sum)}**`)],
  ]);
});
