import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { CreateSubnetCommand, CreateVpcCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CreateLoadBalancerCommand,
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { messageOf, type Service, startService } from '../support/service.ts';
import { type ServerProcess, startServer } from './process.ts';

/** `.ci/run` makes this virtual environment; set MOTO_SERVER to take another. */
const motoCommand = process.env['MOTO_SERVER'] ?? '.test-build/moto/bin/moto_server';

interface Machine {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly launchDate: string;
}

/**
 * moto is an AWS that is not ours, and laxer than AWS: Register and Deregister answer an empty list, unknown instances
 * are accepted, an instance registered twice is listed twice, an unknown load balancer on Register is a 500.
 */
describe('The service, against moto', function () {
  this.timeout(60_000);
  let moto: ServerProcess;
  let elb: ElasticLoadBalancingClient;
  let ec2: EC2Client;
  let service: Service;
  let instances: string[];
  let elbName: string;
  let subnetId: string;
  let elbsMade = 0;

  before(async () => {
    assert.ok(
      existsSync(motoCommand),
      `there is no moto at ${motoCommand}; make it with: python3 -m venv .test-build/moto && .test-build/moto/bin/pip install 'moto[server]'`,
    );
    moto = await startServer(
      motoCommand,
      (port) => ['-H', '127.0.0.1', '-p', String(port)],
      '/moto-api/data.json',
    );
    const config = {
      endpoint: moto.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    elb = new ElasticLoadBalancingClient(config);
    ec2 = new EC2Client(config);
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.7.0.0/16' }));
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId: Vpc!.VpcId,
        CidrBlock: '10.7.1.0/24',
        AvailabilityZone: 'us-east-1a',
      }),
    );
    subnetId = Subnet!.SubnetId!;
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-12c6146b',
        InstanceType: 't3.micro',
        SubnetId: subnetId,
        MinCount: 3,
        MaxCount: 3,
      }),
    );
    instances = Instances!.map(({ InstanceId }) => InstanceId!);
    service = await startService(moto.url);
  });
  after(async () => {
    await (service as Service | undefined)?.close();
    (elb as ElasticLoadBalancingClient | undefined)?.destroy();
    (ec2 as EC2Client | undefined)?.destroy();
    await (moto as ServerProcess | undefined)?.close();
  });
  beforeEach(async () => {
    elbName = `moto-elb-${++elbsMade}`;
    await elb.send(
      new CreateLoadBalancerCommand({
        LoadBalancerName: elbName,
        Listeners: [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 8000 }],
        // The service refuses an instance of another VPC, as AWS does and moto does not.
        Subnets: [subnetId],
      }),
    );
  });

  /** Changes moto's state behind the back of the service. */
  const registerBehind = (...ids: string[]) =>
    elb.send(
      new RegisterInstancesWithLoadBalancerCommand({
        LoadBalancerName: elbName,
        Instances: ids.map((InstanceId) => ({ InstanceId })),
      }),
    );

  /** Returns the members as moto lists them. */
  async function stateOfMoto(): Promise<string[]> {
    const { LoadBalancerDescriptions } = await elb.send(
      new DescribeLoadBalancersCommand({ LoadBalancerNames: [elbName] }),
    );
    return LoadBalancerDescriptions![0]!.Instances!.map(({ InstanceId }) => InstanceId!);
  }

  /** Returns the members as the service lists them. */
  async function list(headers: Record<string, string> = {}): Promise<string[]> {
    const response = await service.request(`/elb/${elbName}`, { headers });
    const message = await messageOf<Machine[]>(response);
    assert.equal(response.status, 200, JSON.stringify(message));
    return message.map(({ instanceId }) => instanceId);
  }

  const change = (method: 'POST' | 'DELETE', instanceId: string, name = elbName) =>
    service.request(`/elb/${name}`, { method, body: JSON.stringify({ instanceId }) });

  it('is told by moto what the rest of this suite takes for granted', async () => {
    const [first] = instances as [string];
    const registered = await registerBehind(first);
    assert.deepEqual(registered.Instances ?? [], []);
    await registerBehind(first, 'i-00000000000000000');
    assert.deepEqual(await stateOfMoto(), [first, first, 'i-00000000000000000']);
    const deregistered = await elb.send(
      new DeregisterInstancesFromLoadBalancerCommand({
        LoadBalancerName: elbName,
        Instances: [{ InstanceId: first }],
      }),
    );
    assert.deepEqual(deregistered.Instances ?? [], []);
  });

  it('lists the members, with type and date', async () => {
    await registerBehind(...instances);
    const response = await service.request(`/elb/${elbName}`, { headers: { 'Cache-Control': 'no-cache' } });
    assert.equal(response.status, 200);
    const machines = await messageOf<Machine[]>(response);
    assert.deepEqual(
      machines.map(({ instanceId }) => instanceId),
      instances,
    );
    for (const { instanceType, launchDate } of machines) {
      assert.equal(instanceType, 't3.micro');
      assert.match(launchDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(Math.abs(Date.now() - Date.parse(launchDate)) < 600_000, launchDate);
    }
  });

  it('lists no members as an empty list', async () => {
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), []);
  });

  it('answers 404 for a load balancer that moto does not know, whatever the method', async () => {
    for (const response of [
      await service.request('/elb/no-such-elb'),
      await change('POST', instances[0]!, 'no-such-elb'),
      await change('DELETE', instances[0]!, 'no-such-elb'),
    ]) {
      assert.equal(response.status, 404);
      assert.match(await messageOf(response), /^the elb does not exist: .*"no-such-elb"/);
    }
  });

  it('attaches and detaches, and each GET after that shows what moto has', async () => {
    const [first, second, third] = instances as [string, string, string];
    const steps: ['POST' | 'DELETE', string, string[]][] = [
      ['POST', first, [first]],
      ['POST', second, [first, second]],
      ['POST', third, [first, second, third]],
      ['DELETE', second, [first, third]],
      ['POST', second, [first, third, second]],
      ['DELETE', first, [third, second]],
      ['DELETE', third, [second]],
      ['DELETE', second, []],
    ];
    for (const [method, instanceId, expected] of steps) {
      const response = await change(method, instanceId);
      const machine = await messageOf<Machine>(response);
      assert.equal(response.status, 201, JSON.stringify(machine));
      assert.equal(machine.instanceId, instanceId);
      assert.equal(machine.instanceType, 't3.micro');
      assert.deepEqual(await list(), expected, `GET after ${method}`);
      assert.deepEqual(await stateOfMoto(), expected, `moto after ${method}`);
      assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), expected, `fresh GET after ${method}`);
    }
  });

  it('shows members that others added, after a change of its own', async () => {
    const [first, second, third] = instances as [string, string, string];
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), []);
    await registerBehind(first, second);
    assert.equal((await change('POST', third)).status, 201);
    assert.deepEqual((await list()).sort(), [...instances].sort());
  });

  it('answers 409 to an attach of a member, also of one that others attached, and changes nothing', async () => {
    const [first] = instances as [string];
    await list({ 'Cache-Control': 'no-cache' });
    await registerBehind(first);
    const response = await change('POST', first);
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance already on load balancer/);
    assert.deepEqual(await stateOfMoto(), [first]);
  });

  it('answers 409 to a detach of what is no member, and changes nothing', async () => {
    const [first, second] = instances as [string, string];
    await registerBehind(first);
    const response = await change('DELETE', second);
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance is not on load balancer/);
    assert.deepEqual(await stateOfMoto(), [first]);
  });

  it('answers 400 to an attach of an instance that nobody knows, which moto would accept', async () => {
    const response = await change('POST', 'i-00000000000000000');
    assert.equal(response.status, 400);
    assert.match(await messageOf(response), /EC2 does not describe i-00000000000000000; check its id/);
    assert.deepEqual(await stateOfMoto(), []);
  });

  it('attaches once what is asked for twice at once', async () => {
    const [first] = instances as [string];
    const responses = await Promise.all([change('POST', first), change('POST', first)]);
    assert.deepEqual(responses.map(({ status }) => status).sort(), [201, 409]);
    assert.deepEqual(await stateOfMoto(), [first]);
  });

  it('lists an instance once that is registered twice, and detaches it', async () => {
    const [first, second] = instances as [string, string];
    await registerBehind(first, second);
    await registerBehind(first);
    assert.deepEqual(await stateOfMoto(), [first, second, first]);
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), [first, second]);
    assert.equal((await change('DELETE', first)).status, 201);
    const left = [...new Set(await stateOfMoto())];
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), left);
    assert.deepEqual(await list(), left);
  });

  it('lists and detaches a member that EC2 does not describe', async () => {
    const ghost = 'i-00000000000000000';
    await registerBehind(ghost);
    const response = await service.request(`/elb/${elbName}`, { headers: { 'Cache-Control': 'no-cache' } });
    const unknown = { instanceId: ghost, instanceType: 'unknown', launchDate: 'unknown' };
    assert.deepEqual(await messageOf(response), [unknown]);
    const detached = await change('DELETE', ghost);
    assert.equal(detached.status, 201);
    assert.deepEqual(await messageOf(detached), unknown);
    assert.deepEqual(await stateOfMoto(), []);
    assert.deepEqual(await list(), []);
  });
});
