import assert from 'node:assert/strict';
import type { Condition, MemberHealth } from '../../../load-balancers/member-health.ts';
import type { LoadBalancerTraits } from '../../../load-balancers/load-balancer.ts';
import { type HealthContext, explainHealth } from '../../../load-balancers/health/explain-health.ts';
import { elb, id, instanceOf } from '../../support/scripted-gateway.ts';

const traits: LoadBalancerTraits = {
  dnsName: undefined,
  scheme: undefined,
  vpcId: undefined,
  availabilityZones: ['us-east-1a'],
  listeners: [],
  healthCheck: {
    target: 'TCP:80',
    intervalSeconds: 30,
    timeoutSeconds: 5,
    unhealthyThreshold: 2,
    healthyThreshold: 10,
  },
  createdDate: undefined,
};
const around: HealthContext = {
  elbName: elb('web'),
  traits,
  instance: { ...instanceOf(id(1)), availabilityZone: 'us-east-1a', state: 'running' },
  change: {},
  drainingSeconds: 300,
  now: 100_000,
  epochMs: Date.UTC(2026, 0, 1),
};
const of = (condition: Condition, description = 'N/A'): MemberHealth => ({
  instanceId: id(1),
  state: 'OutOfService',
  reasonCode: 'ELB',
  description,
  condition,
});

describe('explainHealth', () => {
  const cases: [what: string, health: MemberHealth, circumstances: Partial<HealthContext>, says: RegExp][] = [
    [
      'a draining without facts',
      of('draining'),
      { drainingSeconds: undefined },
      /drains its connections for an unknown time/,
    ],
    [
      'a draining beyond its timeout',
      of('draining'),
      { change: { drainingSince: -900_000 } },
      /at the latest \(1 s\)/,
    ],
    ['a registration without facts', of('registering'), { traits: undefined }, /in progress: wait/],
    [
      'a registration that takes longer than expected',
      of('registering'),
      { change: { attachedAt: -900_000 } },
      /longer than expected: 10 checks of TCP:80.* within 5 s/,
    ],
    [
      'failing checks without facts',
      of('failing-checks'),
      { traits: undefined },
      /check that the instance responds/,
    ],
    [
      'an instance without a description',
      of('not-running', 'Instance is in stopped state.'),
      { instance: undefined },
      /^Instance is in stopped state: start it, or detach it$/,
    ],
    [
      'an unknown EC2 state',
      of('unknown'),
      { instance: { ...instanceOf(id(1)), state: 'hibernating' } },
      /EC2 state is hibernating: check the instance in EC2/,
    ],
    ['an instance that is not a member', of('not-registered'), {}, /not a member of web: attach it/],
    [
      'an unknown description of AWS',
      of('unknown', 'A transient error occurred. Please try again later.'),
      {},
      /AWS reports only "A transient error occurred. Please try again later": check again/,
    ],
  ];
  for (const [what, health, circumstances, says] of cases)
    it(`explains ${what}`, () => {
      const { why, checkAgainSeconds } = explainHealth(health, { ...around, ...circumstances });
      assert.match(why, says);
      assert.ok(checkAgainSeconds >= 1 && checkAgainSeconds <= 30);
    });
});
