import assert from 'node:assert/strict';
import { DomainError } from '../../errors.ts';
import { checkReads } from '../../load-balancers/read-check.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import { systemClock } from '../../clock.ts';
import { elb, ids, ScriptedGateway } from '../support/scripted-gateway.ts';

describe('checkReads', () => {
  let gateway: ScriptedGateway;
  const check = () => checkReads(gateway, startTrace(systemClock, 1000));
  beforeEach(() => {
    gateway = new ScriptedGateway();
    gateway.region.set(elb('web'), ids(2));
    gateway.health = ids(2).map((instanceId) => ({
      instanceId,
      state: 'InService' as const,
      reasonCode: 'N/A',
      description: 'N/A',
      condition: 'in-service' as const,
    }));
  });

  for (const error of ['elbError', 'ec2Error', 'healthError'] as const)
    it(`throws the ${error} of AWS`, async () => {
      gateway[error] = new DomainError('aws_refused', `the ${error}`);
      await assert.rejects(check(), { message: `the ${error}` });
    });

  it('makes one call of each kind', async () => {
    await check();
    const { regionCalls, instanceCalls, healthCalls } = gateway;
    assert.deepEqual(
      { regionCalls, instanceCalls, healthCalls },
      {
        regionCalls: 1,
        instanceCalls: [ids(1)],
        healthCalls: [undefined],
      },
    );
  });

  it('accepts a region without load balancers, and a load balancer that was just deleted', async () => {
    gateway.healthError = new DomainError('elb_not_found', 'the elb does not exist');
    await check();
    gateway.region.clear();
    await check();
    assert.equal(gateway.instanceCalls.length, 2);
  });
});
