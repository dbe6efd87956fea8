import assert from 'node:assert/strict';
import {
  DescribeInstancesCommand,
  paginateDescribeInstances,
  type DescribeInstancesCommandInput,
  type DescribeInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import { ids, startLab, type Lab } from '../support.ts';

function found({ Reservations = [] }: DescribeInstancesCommandOutput): (string | undefined)[] {
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
}

describe('DescribeInstances of the embedded AWS', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
  });
  after(() => lab.close());

  const describeInstances = (input: DescribeInstancesCommandInput) =>
    lab.ec2.send(new DescribeInstancesCommand(input));
  const filter = async (...filters: [Name: string, ...Values: string[]][]) => {
    return found(
      await describeInstances({ Filters: filters.map(([Name, ...Values]) => ({ Name, Values })) }),
    );
  };

  for (const [what, input, name, message] of [
    [
      'an unknown id',
      { InstanceIds: [ids.member, ids.unknown] },
      'InvalidInstanceID.NotFound',
      /'i-0f+' does not exist/,
    ],
    [
      'two unknown ids',
      { InstanceIds: [ids.unknown, 'i-00000000'] },
      'InvalidInstanceID.NotFound',
      /IDs 'i-0f+, i-00000000' do not exist/,
    ],
    [
      'a malformed id',
      { InstanceIds: [ids.member, 'web'] },
      'InvalidInstanceID.Malformed',
      /Invalid id: "web"/,
    ],
    [
      'an unknown filter',
      { Filters: [{ Name: 'x', Values: ['1'] }] },
      'InvalidParameterValue',
      /filter 'x' is invalid/,
    ],
    [
      'a filter of an inherited name',
      { Filters: [{ Name: 'constructor', Values: ['1'] }] },
      'InvalidParameterValue',
      /./,
    ],
    [
      '201 values in a filter',
      { Filters: [{ Name: 'instance-id', Values: Array.from({ length: 201 }, (_, n) => `i-${n}`) }] },
      'FilterLimitExceeded',
      /maximum number of filter values specified on a single call is 200/,
    ],
    ['MaxResults under 5', { MaxResults: 4 }, 'InvalidParameterValue', /maxResults/],
    ['MaxResults over 1000', { MaxResults: 1001 }, 'InvalidParameterValue', /maxResults/],
    [
      'MaxResults with ids',
      { MaxResults: 5, InstanceIds: [ids.member] },
      'InvalidParameterCombination',
      /maxResults/,
    ],
    ['an invalid token', { NextToken: 'bogus' }, 'InvalidNextToken', /NextToken/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(describeInstances(input as unknown as DescribeInstancesCommandInput), {
        name,
        message,
      });
    });
  }

  it('returns all 25 instances without ids and filters, including terminated ones', async () => {
    const all = found(await describeInstances({}));
    assert.equal(all.length, 25);
    assert.ok(all.includes(ids.terminated));
  });

  it('returns type, launch time in milliseconds, state, zone and VPC', async () => {
    const { Reservations } = await describeInstances({ InstanceIds: [ids.member] });
    const instance = Reservations?.[0]?.Instances?.[0];
    assert.equal(instance?.InstanceType, 't1.micro');
    assert.equal(instance.LaunchTime?.toISOString(), '2016-08-29T09:12:33.001Z');
    assert.deepEqual(instance.State, { Code: 16, Name: 'running' });
    assert.equal(instance.Placement?.AvailabilityZone, 'us-east-1a');
    assert.equal(instance.VpcId, instance.NetworkInterfaces?.[0]?.VpcId);
    assert.match(instance.PublicDnsName ?? '', /^ec2-/);
  });

  for (const [name, Code] of [
    ['pending', 0],
    ['running', 16],
    ['shutting-down', 32],
    ['terminated', 48],
    ['stopping', 64],
    ['stopped', 80],
  ] as const) {
    it(`returns the state ${name} with its code`, async () => {
      const own = await startLab();
      own.aws.region.changeInstance(ids.member, { state: name });
      const command = new DescribeInstancesCommand({ InstanceIds: [ids.member] });
      const { Reservations = [] } = await own.ec2.send(command);
      await own.close();
      const instance = Reservations[0]?.Instances?.[0];
      assert.deepEqual(instance?.State, { Code, Name: name });
      assert.equal(instance.StateReason === undefined, name === 'pending' || name === 'running');
      assert.equal(instance.PublicIpAddress !== undefined, name === 'running');
      assert.equal(instance.VpcId === undefined, name === 'terminated');
    });
  }

  it('omits the public address of a stopped instance and the network of a terminated one', async () => {
    const { Reservations = [] } = await describeInstances({ InstanceIds: [ids.stopped, ids.terminated] });
    const [stopped, terminated] = Reservations.map(({ Instances }) => Instances?.[0]);
    assert.deepEqual(stopped?.State, { Code: 80, Name: 'stopped' });
    assert.equal(stopped.PublicIpAddress, undefined);
    assert.ok(stopped.PrivateIpAddress);
    assert.deepEqual(terminated?.State, { Code: 48, Name: 'terminated' });
    assert.equal(terminated.VpcId, undefined);
    assert.match(terminated.StateReason?.Message ?? '', /User initiated shutdown/);
  });

  it('returns at least 3 KB of XML per instance', async () => {
    const parameters = { Action: 'DescribeInstances', Version: '2016-11-15', 'InstanceId.1': ids.member };
    const { text } = await lab.call('ec2', parameters);
    assert.ok(text.length > 3000, `${text.length} bytes`);
  });

  it('ignores unknown ids in the filter instance-id', async () => {
    assert.deepEqual(await filter(['instance-id', ids.member, ids.unknown, 'web']), [ids.member]);
  });

  it('combines filters with AND and the values of a filter with OR', async () => {
    const both = await filter(['instance-type', 't1.micro', 'm3.large'], ['instance-state-name', 'running']);
    assert.deepEqual(both, [ids.member, ids.thirdMember]);
    assert.deepEqual(await filter(['instance-id', ids.member], ['instance-type', 'm3.large']), []);
    assert.deepEqual(await filter(['instance-state-name', 'stopped']), [ids.stopped]);
    assert.equal((await filter(['vpc-id', 'vpc-1f2e3d4c'])).length, 3);
  });

  it('supports the wildcards * and ? and their escapes', async () => {
    assert.deepEqual(await filter(['instance-type', 't1.*']), [ids.member]);
    assert.deepEqual(await filter(['instance-id', 'i-5203422?']), [ids.member]);
    assert.deepEqual(await filter(['instance-id', 'i-5203422c?']), [ids.member]);
    assert.deepEqual(await filter(['instance-type', 't1\\*']), []);
    assert.deepEqual(await filter(['instance-type', 't1?micro', 'x[']), [ids.member]);
  });

  it('returns pages with and without filters', async () => {
    const pages: number[] = [];
    for await (const page of paginateDescribeInstances({ client: lab.ec2, pageSize: 10 }, {})) {
      pages.push(found(page).length);
    }
    assert.deepEqual(pages, [10, 10, 5]);
    const running = { Filters: [{ Name: 'instance-state-name', Values: ['running'] }] };
    const seen = new Set<string | undefined>();
    for await (const page of paginateDescribeInstances({ client: lab.ec2, pageSize: 7 }, running)) {
      found(page).forEach((id) => seen.add(id));
    }
    assert.equal(seen.size, 23);
  });

  it('omits forgotten instances and instances terminated an hour ago', async () => {
    lab.aws.region.changeInstance(ids.member, { forgotten: true });
    await assert.rejects(describeInstances({ InstanceIds: [ids.member] }), {
      name: 'InvalidInstanceID.NotFound',
    });
    assert.deepEqual(await filter(['instance-id', ids.member]), []);
    assert.ok(lab.aws.region.members('default-elb').includes(ids.member));
    lab.aws.region.clock.advance(3600);
    assert.equal(found(await describeInstances({})).length, 23);
  });
});
