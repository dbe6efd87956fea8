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
import { type ServerProcess, startServer } from '../support/process.ts';

/** `.ci/run` installs moto; MOTO_SERVER sets a different path. */
const motoCommand = process.env['MOTO_SERVER'] ?? '.test-build/moto/bin/moto_server';

interface Instance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly launchDate: string;
}

/**
 * moto is an independent AWS emulator that is less strict than AWS: Register and Deregister return an empty list,
 * Register accepts unknown instances and fails with 500 for an unknown load balancer, and an instance that is
 * registered twice is listed twice.
 */
describe('The service with moto', function () {
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
      `moto is not installed at ${motoCommand}; install it with: python3 -m venv .test-build/moto && .test-build/moto/bin/pip install 'moto[server]'`,
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
        // The instances must be in the VPC of the load balancer, because the service rejects instances in another VPC.
        Subnets: [subnetId],
      }),
    );
  });

  /** Registers instances in moto without using the service. */
  const registerDirectly = (...ids: string[]) =>
    elb.send(
      new RegisterInstancesWithLoadBalancerCommand({
        LoadBalancerName: elbName,
        Instances: ids.map((InstanceId) => ({ InstanceId })),
      }),
    );

  /** Returns the members that moto lists. */
  async function membersInMoto(): Promise<string[]> {
    const { LoadBalancerDescriptions } = await elb.send(
      new DescribeLoadBalancersCommand({ LoadBalancerNames: [elbName] }),
    );
    return LoadBalancerDescriptions![0]!.Instances!.map(({ InstanceId }) => InstanceId!);
  }

  /** Returns the members that the service lists. */
  async function list(headers: Record<string, string> = {}): Promise<string[]> {
    const response = await service.request(`/elb/${elbName}`, { headers });
    const message = await messageOf<Instance[]>(response);
    assert.equal(response.status, 200, JSON.stringify(message));
    return message.map(({ instanceId }) => instanceId);
  }

  const change = (method: 'POST' | 'DELETE', instanceId: string, name = elbName) =>
    service.request(`/elb/${name}`, { method, body: JSON.stringify({ instanceId }) });

  it('runs against a moto that returns empty lists and accepts duplicate and unknown instances', async () => {
    const [first] = instances as [string];
    const registered = await registerDirectly(first);
    assert.deepEqual(registered.Instances ?? [], []);
    await registerDirectly(first, 'i-00000000000000000');
    assert.deepEqual(await membersInMoto(), [first, first, 'i-00000000000000000']);
    const deregistered = await elb.send(
      new DeregisterInstancesFromLoadBalancerCommand({
        LoadBalancerName: elbName,
        Instances: [{ InstanceId: first }],
      }),
    );
    assert.deepEqual(deregistered.Instances ?? [], []);
  });

  it('lists the members with type and launch date', async () => {
    await registerDirectly(...instances);
    const response = await service.request(`/elb/${elbName}`, { headers: { 'Cache-Control': 'no-cache' } });
    assert.equal(response.status, 200);
    const listed = await messageOf<Instance[]>(response);
    assert.deepEqual(
      listed.map(({ instanceId }) => instanceId),
      instances,
    );
    for (const { instanceType, launchDate } of listed) {
      assert.equal(instanceType, 't3.micro');
      assert.match(launchDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(Math.abs(Date.now() - Date.parse(launchDate)) < 600_000, launchDate);
    }
  });

  it('returns an empty list for a load balancer without members', async () => {
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), []);
  });

  it('returns 404 for an unknown load balancer on GET, POST and DELETE', async () => {
    for (const response of [
      await service.request('/elb/no-such-elb'),
      await change('POST', instances[0]!, 'no-such-elb'),
      await change('DELETE', instances[0]!, 'no-such-elb'),
    ]) {
      assert.equal(response.status, 404);
      assert.match(await messageOf(response), /^the elb does not exist: .*"no-such-elb"/);
    }
  });

  it('returns the same members as moto after each attach and detach', async () => {
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
      const changed = await messageOf<Instance>(response);
      assert.equal(response.status, 201, JSON.stringify(changed));
      assert.equal(changed.instanceId, instanceId);
      assert.equal(changed.instanceType, 't3.micro');
      assert.deepEqual(await list(), expected, `GET after ${method}`);
      assert.deepEqual(await membersInMoto(), expected, `moto after ${method}`);
      assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), expected, `fresh GET after ${method}`);
    }
  });

  it('lists members of other clients after an attach', async () => {
    const [first, second, third] = instances as [string, string, string];
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), []);
    await registerDirectly(first, second);
    assert.equal((await change('POST', third)).status, 201);
    assert.deepEqual((await list()).sort(), [...instances].sort());
  });

  it('returns 409 for an attach of a member that another client attached', async () => {
    const [first] = instances as [string];
    await list({ 'Cache-Control': 'no-cache' });
    await registerDirectly(first);
    const response = await change('POST', first);
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance already on load balancer/);
    assert.deepEqual(await membersInMoto(), [first]);
  });

  it('returns 409 for a detach of an instance that is not a member', async () => {
    const [first, second] = instances as [string, string];
    await registerDirectly(first);
    const response = await change('DELETE', second);
    assert.equal(response.status, 409);
    assert.match(await messageOf(response), /^instance is not on load balancer/);
    assert.deepEqual(await membersInMoto(), [first]);
  });

  it('returns 400 for an attach of an unknown instance, which moto accepts', async () => {
    const response = await change('POST', 'i-00000000000000000');
    assert.equal(response.status, 400);
    assert.match(await messageOf(response), /EC2 does not describe i-00000000000000000; check its id/);
    assert.deepEqual(await membersInMoto(), []);
  });

  it('attaches an instance once for two concurrent requests', async () => {
    const [first] = instances as [string];
    const responses = await Promise.all([change('POST', first), change('POST', first)]);
    assert.deepEqual(responses.map(({ status }) => status).sort(), [201, 409]);
    assert.deepEqual(await membersInMoto(), [first]);
  });

  it('lists an instance once that moto lists twice, and detaches it', async () => {
    const [first, second] = instances as [string, string];
    await registerDirectly(first, second);
    await registerDirectly(first);
    assert.deepEqual(await membersInMoto(), [first, second, first]);
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), [first, second]);
    assert.equal((await change('DELETE', first)).status, 201);
    const left = [...new Set(await membersInMoto())];
    assert.deepEqual(await list({ 'Cache-Control': 'no-cache' }), left);
    assert.deepEqual(await list(), left);
  });

  it('lists and detaches a member that EC2 does not describe', async () => {
    const ghost = 'i-00000000000000000';
    await registerDirectly(ghost);
    const response = await service.request(`/elb/${elbName}`, { headers: { 'Cache-Control': 'no-cache' } });
    const unknown = { instanceId: ghost, instanceType: 'unknown', launchDate: 'unknown' };
    assert.deepEqual(await messageOf(response), [unknown]);
    const detached = await change('DELETE', ghost);
    assert.equal(detached.status, 201);
    assert.deepEqual(await messageOf(detached), unknown);
    assert.deepEqual(await membersInMoto(), []);
    assert.deepEqual(await list(), []);
  });
});
