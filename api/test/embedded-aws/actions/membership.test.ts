import assert from 'node:assert/strict';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancersCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { ids, startLab, type Lab } from '../support.ts';

const all = [ids.member, ids.secondMember, ids.thirdMember];

describe('Register, Deregister and DescribeInstanceHealth of the embedded AWS', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab.close());

  const input = (LoadBalancerName: string, instances: readonly string[]) => {
    return { LoadBalancerName, Instances: instances.map((InstanceId) => ({ InstanceId })) };
  };
  const register = async (name: string, ...instances: string[]) => {
    const { Instances = [] } = await lab.elb.send(
      new RegisterInstancesWithLoadBalancerCommand(input(name, instances)),
    );
    return Instances.map(({ InstanceId }) => InstanceId);
  };
  const deregister = async (name: string, ...instances: string[]) => {
    const command = new DeregisterInstancesFromLoadBalancerCommand(input(name, instances));
    const { Instances = [] } = await lab.elb.send(command);
    return Instances.map(({ InstanceId }) => InstanceId);
  };
  const health = async (name: string, ...instances: string[]) => {
    const command = new DescribeInstanceHealthCommand(
      instances.length > 0 ? input(name, instances) : { LoadBalancerName: name },
    );
    const { InstanceStates = [] } = await lab.elb.send(command);
    return InstanceStates.map(({ InstanceId, State, ReasonCode, Description }) => {
      return [InstanceId, State, ReasonCode, Description];
    });
  };
  const inService = (id: string) => [id, 'InService', 'N/A', 'N/A'];

  describe('refusals', () => {
    it('refuse an unknown load balancer', async () => {
      for (const act of [register, deregister, health]) {
        await assert.rejects(act('nope', ids.free), { name: 'AccessPointNotFoundException' });
      }
    });

    for (const [what, id, message] of [
      ['an unknown instance', ids.unknown, /^Could not find EC2 instance i-0f+\.$/],
      ['a malformed id', 'web-1', /^Could not find EC2 instance web-1\.$/],
      [
        'a terminated instance',
        ids.terminated,
        /^EC2 instance i-0a2bfc6d7849e6340 is not in running state\.$/,
      ],
      ['a stopped instance', ids.stopped, /^EC2 instance i-091aeb5c6738d523f is not in running state\.$/],
      ['an instance of another VPC', ids.otherVpc, /not in the same VPC/],
    ] as const) {
      it(`refuse to register ${what} and register none of the others in the call`, async () => {
        await assert.rejects(register('default-elb', ids.free, id), {
          name: 'InvalidEndPointException',
          message,
        });
        assert.deepEqual(lab.aws.region.members('default-elb'), all);
      });
    }

    for (const state of ['pending', 'stopping', 'stopped', 'shutting-down', 'terminated'] as const) {
      it(`refuse to register an instance in the state ${state} until it is running`, async () => {
        lab.aws.region.changeInstance(ids.free, { state });
        await assert.rejects(register('default-elb', ids.alsoFree, ids.free), {
          name: 'InvalidEndPointException',
          message: `EC2 instance ${ids.free} is not in running state.`,
        });
        assert.deepEqual(lab.aws.region.members('default-elb'), all);
        if (state === 'shutting-down' || state === 'terminated') return;
        lab.aws.region.changeInstance(ids.free, { state: 'running' });
        assert.deepEqual(await register('default-elb', ids.free), [...all, ids.free]);
      });
    }

    it('refuse to deregister a non-member and deregister none of the others in the call', async () => {
      await assert.rejects(deregister('default-elb', ids.member, ids.free), {
        name: 'InvalidEndPointException',
        message: `Could not find EC2 instance ${ids.free}.`,
      });
      assert.deepEqual(lab.aws.region.members('default-elb'), all);
    });

    it('refuse the health of an instance that is not registered', async () => {
      await assert.rejects(health('default-elb', ids.free), { name: 'InvalidEndPointException' });
    });

    it('refuse calls without a name or without instances', async () => {
      const call = (parameters: Record<string, string>) => {
        const Action = 'RegisterInstancesWithLoadBalancer';
        return lab.call('elasticloadbalancing', { Action, Version: '2012-06-01', ...parameters });
      };
      for (const parameters of [
        { 'Instances.member.1.InstanceId': ids.free },
        { LoadBalancerName: 'default-elb' },
      ]) {
        const { status, text } = await call(parameters);
        assert.equal(status, 400);
        assert.match(text, /<Code>ValidationError<\/Code>.*Member must not be null/);
      }
    });
  });

  it('return the full updated list and accept a repeated registration', async () => {
    assert.deepEqual(await register('default-elb', ids.free, ids.free), [...all, ids.free]);
    assert.deepEqual(await register('default-elb', ids.free), [...all, ids.free]);
    assert.deepEqual(await deregister('default-elb', ids.member), [...all.slice(1), ids.free]);
  });

  it('report a new member in service after HealthyThreshold × Interval', async () => {
    await register('default-elb', ids.free);
    const progress = 'Instance registration is still in progress.';
    assert.deepEqual(await health('default-elb', ids.free), [[ids.free, 'OutOfService', 'ELB', progress]]);
    lab.aws.region.clock.advance(14);
    assert.deepEqual(await health('default-elb', ids.free), [[ids.free, 'OutOfService', 'ELB', progress]]);
    lab.aws.region.clock.advance(1);
    assert.deepEqual(await health('default-elb'), [...all, ids.free].map(inService));
  });

  it('report a failing member out of service after UnhealthyThreshold × Interval, and then in service again', async () => {
    lab.aws.region.changeInstance(ids.member, { check: 'failing' });
    lab.aws.region.clock.advance(9);
    assert.deepEqual(await health('default-elb', ids.member), [inService(ids.member)]);
    lab.aws.region.clock.advance(1);
    const failed =
      'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.';
    assert.deepEqual(await health('default-elb', ids.member), [
      [ids.member, 'OutOfService', 'Instance', failed],
    ]);
    lab.aws.region.changeInstance(ids.member, { check: 'passing' });
    const recovering =
      'Instance has not passed the configured HealthyThreshold number of health checks consecutively.';
    assert.deepEqual(await health('default-elb', ids.member), [
      [ids.member, 'OutOfService', 'Instance', recovering],
    ]);
    lab.aws.region.clock.advance(15);
    assert.deepEqual(await health('default-elb', ids.member), [inService(ids.member)]);
  });

  it('keeps an instance out of service in a zone that is not enabled', async () => {
    await register('default-elb', ids.zoneD);
    lab.aws.region.clock.advance(60);
    const zone =
      'Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.';
    assert.deepEqual(await health('default-elb', ids.zoneD), [[ids.zoneD, 'OutOfService', 'ELB', zone]]);
  });

  it('keeps a member that stops out of service until it has started and passed', async () => {
    for (const [state, described] of [
      ['stopping', 'stopped'],
      ['stopped', 'stopped'],
      ['pending', 'pending'],
    ] as const) {
      lab.aws.region.changeInstance(ids.member, { state });
      lab.aws.region.clock.advance(60);
      assert.deepEqual(await health('default-elb', ids.member), [
        [ids.member, 'OutOfService', 'Instance', `Instance is in ${described} state.`],
      ]);
    }
    lab.aws.region.changeInstance(ids.member, { state: 'running' });
    assert.equal((await health('default-elb', ids.member))[0]?.[1], 'OutOfService');
    lab.aws.region.clock.advance(15);
    assert.deepEqual(await health('default-elb', ids.member), [inService(ids.member)]);
  });

  it('describe a member that is shutting down as terminated', async () => {
    lab.aws.region.changeInstance(ids.member, { state: 'shutting-down' });
    assert.deepEqual(await health('default-elb', ids.member), [
      [ids.member, 'OutOfService', 'Instance', 'Instance is in terminated state.'],
    ]);
  });

  it('omit a terminated member from the health and deregister it after a minute', async () => {
    lab.aws.region.changeInstance(ids.member, { state: 'terminated' });
    assert.deepEqual(await health('default-elb'), all.slice(1).map(inService));
    assert.deepEqual(lab.aws.region.members('default-elb'), all);
    lab.aws.region.clock.advance(60);
    assert.deepEqual(lab.aws.region.members('default-elb'), all.slice(1));
  });

  it('report Unknown for a member that EC2 does not have', async () => {
    lab.aws.region.loadBalancer('empty-elb').setMembers([ids.unknown]);
    const [[, state] = []] = await health('empty-elb');
    assert.equal(state, 'Unknown');
  });

  describe('connection draining', () => {
    const draining = 'Instance deregistration currently in progress.';

    it('reports a member as draining, then OutOfService, then refuses its health', async () => {
      assert.deepEqual(await deregister('default-elb', ids.member), all.slice(1));
      assert.deepEqual(lab.aws.region.members('default-elb'), all.slice(1));
      assert.deepEqual(lab.aws.region.loadBalancer('default-elb').draining, [ids.member]);
      lab.aws.region.clock.advance(19);
      assert.deepEqual(await health('default-elb', ids.member), [[ids.member, 'InService', 'N/A', draining]]);
      assert.equal((await health('default-elb')).length, 3);
      lab.aws.region.clock.advance(1);
      const gone = 'Instance is not currently registered with the LoadBalancer.';
      assert.deepEqual(await health('default-elb', ids.member), [[ids.member, 'OutOfService', 'ELB', gone]]);
      assert.equal((await health('default-elb')).length, 2);
      lab.aws.region.clock.advance(5);
      await assert.rejects(health('default-elb', ids.member), { name: 'InvalidEndPointException' });
    });

    it('does not drain a member that is not in service', async () => {
      await register('default-elb', ids.free);
      await deregister('default-elb', ids.free);
      await assert.rejects(health('default-elb', ids.free), { name: 'InvalidEndPointException' });
    });

    it('does not drain members if draining is disabled', async () => {
      await deregister('other-vpc-elb', ids.otherVpc);
      await assert.rejects(health('other-vpc-elb', ids.otherVpc), { name: 'InvalidEndPointException' });
    });

    it('loses a registration made during draining with draining: drop', async () => {
      lab.aws.region.changeBehaviour({ draining: 'drop' });
      await deregister('default-elb', ids.member);
      lab.aws.region.clock.advance(10);
      assert.deepEqual(await register('default-elb', ids.member), [...all.slice(1), ids.member]);
      assert.deepEqual(await health('default-elb', ids.member), [[ids.member, 'InService', 'N/A', draining]]);
      lab.aws.region.clock.advance(10);
      assert.deepEqual(lab.aws.region.members('default-elb'), all.slice(1));
    });

    it('keeps a registration made during draining by default', async () => {
      await deregister('default-elb', ids.member);
      lab.aws.region.clock.advance(10);
      assert.deepEqual(await register('default-elb', ids.member), [...all.slice(1), ids.member]);
      assert.deepEqual(await health('default-elb', ids.member), [[ids.member, 'InService', 'N/A', draining]]);
      lab.aws.region.clock.advance(10);
      assert.deepEqual(lab.aws.region.members('default-elb'), [...all.slice(1), ids.member]);
      assert.equal((await health('default-elb', ids.member))[0]?.[1], 'OutOfService');
      lab.aws.region.clock.advance(5);
      assert.deepEqual(await health('default-elb', ids.member), [inService(ids.member)]);
    });

    it('continues when the instance is registered and deregistered again', async () => {
      await deregister('default-elb', ids.member);
      await register('default-elb', ids.member);
      lab.aws.region.clock.advance(10);
      assert.deepEqual(await deregister('default-elb', ids.member), all.slice(1));
      lab.aws.region.clock.advance(10);
      assert.deepEqual(lab.aws.region.loadBalancer('default-elb').draining, []);
    });

    it('keeps a registration made after the draining', async () => {
      await deregister('default-elb', ids.member);
      lab.aws.region.clock.advance(21);
      await register('default-elb', ids.member);
      lab.aws.region.clock.advance(15);
      assert.deepEqual(await health('default-elb', ids.member), [inService(ids.member)]);
    });
  });

  describe('behaviour', () => {
    const gone = 'Instance is not currently registered with the LoadBalancer.';
    const listed = async () => {
      const { LoadBalancerDescriptions: [elb] = [] } = await lab.elb.send(
        new DescribeLoadBalancersCommand({ LoadBalancerNames: ['default-elb'] }),
      );
      return elb?.Instances?.map(({ InstanceId }) => InstanceId);
    };

    it('registrationLag refuses the health of a new member until the lag is over', async () => {
      lab.aws.region.changeBehaviour({ registrationLag: 20 });
      await register('default-elb', ids.free);
      lab.aws.region.clock.advance(19);
      assert.deepEqual(await listed(), [...all, ids.free]);
      await assert.rejects(health('default-elb', ids.free), { name: 'InvalidEndPointException' });
      await assert.rejects(health('default-elb', ids.member, ids.free), { name: 'InvalidEndPointException' });
      assert.deepEqual(await health('default-elb'), all.map(inService));
      lab.aws.region.clock.advance(1);
      assert.deepEqual(await health('default-elb', ids.free), [inService(ids.free)]);
    });

    it('registrationLag allows to deregister a new member during the lag', async () => {
      lab.aws.region.changeBehaviour({ registrationLag: 20 });
      await register('default-elb', ids.free);
      assert.deepEqual(await deregister('default-elb', ids.free), all);
    });

    for (const [formerMembers, state, reason] of [
      ['out-of-service', 'OutOfService', 'ELB'],
      ['unknown', 'Unknown', 'N/A'],
    ] as const) {
      it(`formerMembers: ${formerMembers} returns ${state} for former members only`, async () => {
        lab.aws.region.changeBehaviour({ formerMembers });
        await deregister('default-elb', ids.member);
        lab.aws.region.clock.advance(3600);
        assert.deepEqual(await health('default-elb', ids.member), [[ids.member, state, reason, gone]]);
        assert.equal((await health('default-elb')).length, 2);
        await assert.rejects(health('default-elb', ids.free), { name: 'InvalidEndPointException' });
      });
    }

    it('formerMembers: invalid-instance refuses the health of a former member after its draining', async () => {
      lab.aws.region.changeBehaviour({ formerMembers: 'invalid-instance' });
      await deregister('default-elb', ids.member);
      lab.aws.region.clock.advance(20);
      await assert.rejects(health('default-elb', ids.member), { name: 'InvalidEndPointException' });
    });

    it('listDraining lists draining instances, including in responses to changes', async () => {
      lab.aws.region.changeBehaviour({ listDraining: true });
      const drainingLast = [...all.slice(1), ids.member];
      assert.deepEqual(await deregister('default-elb', ids.member), drainingLast);
      assert.deepEqual(await listed(), drainingLast);
      await assert.rejects(deregister('default-elb', ids.member), { name: 'InvalidEndPointException' });
      lab.aws.region.clock.advance(20);
      assert.deepEqual(await listed(), all.slice(1));
    });

    it('can be set at the start, for the region and for one load balancer', async () => {
      const own = await startLab({ behaviour: { draining: 'drop', registrationLag: 3 } });
      try {
        const behaviour = {
          draining: 'drop',
          listDraining: false,
          registrationLag: 3,
          formerMembers: 'fading',
        };
        assert.deepEqual((await own.control('GET', '/behaviour')).json, behaviour);
        const { json } = await own.control('PUT', '/behaviour', { formerMembers: 'unknown' });
        assert.deepEqual(json, { ...behaviour, formerMembers: 'unknown' });
        await own.control('PUT', '/load-balancers/default-elb', { behaviour: { draining: 'keep' } });
        const { region } = own.aws;
        region.loadBalancer('empty-elb').setMembers([ids.member]);
        for (const name of ['default-elb', 'empty-elb']) {
          region.loadBalancer(name).deregister([ids.member]);
          region.loadBalancer(name).register([ids.member]);
        }
        region.clock.advance(20);
        assert.deepEqual(region.members('default-elb'), [...all.slice(1), ids.member]);
        assert.deepEqual(region.members('empty-elb'), []);
      } finally {
        await own.close();
      }
    });
  });
});
