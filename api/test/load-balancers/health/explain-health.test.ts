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

describe('why', () => {
  const cases: [what: string, health: MemberHealth, circumstances: Partial<HealthContext>, says: RegExp][] = [
    [
      'a draining of which nothing is known',
      of('draining'),
      { drainingSeconds: undefined },
      /drains its connections for a while yet/,
    ],
    [
      'a draining that goes on for too long',
      of('draining'),
      { change: { drainingSince: -900_000 } },
      /\(1 s\) at most/,
    ],
    ['a registration without facts', of('registering'), { traits: undefined }, /in progress: wait/],
    [
      'a registration that takes longer than it has to',
      of('registering'),
      { change: { attachedAt: -900_000 } },
      /longer than it has to be: 10 checks of TCP:80.* within 5 s/,
    ],
    [
      'failing checks without facts',
      of('failing-checks'),
      { traits: undefined },
      /see whether the instance answers/,
    ],
    [
      'an instance of which EC2 tells nothing',
      of('not-running', 'Instance is in stopped state.'),
      { instance: undefined },
      /^Instance is in stopped state: start it, or detach it$/,
    ],
    [
      'a state of EC2 that is new',
      of('unknown'),
      { instance: { ...instanceOf(id(1)), state: 'hibernating' } },
      /says that the instance is hibernating: look there/,
    ],
    ['an instance that is no member', of('not-registered'), {}, /no member of web: attach it/],
    [
      'words of AWS that are new',
      of('unknown', 'A transient error occurred. Please try again later.'),
      {},
      /AWS says only "A transient error occurred. Please try again later": look again/,
    ],
  ];
  for (const [what, health, circumstances, says] of cases)
    it(`explains ${what}`, () => {
      const { why, lookAgainSeconds } = explainHealth(health, { ...around, ...circumstances });
      assert.match(why, says);
      assert.ok(lookAgainSeconds >= 1 && lookAgainSeconds <= 30);
    });
});
