// A simple implementation: a router, Basic auth, two AWS calls per request, no cache.
import type { AddressInfo } from 'node:net';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing';
import Router from '@koa/router';
import Koa from 'koa';
import auth from 'koa-basic-auth';

const [name = '', pass = ''] = Buffer.from(process.env['API_TOKEN'] ?? '', 'base64')
  .toString()
  .split(':');
const elb = new ElasticLoadBalancingClient({});
const ec2 = new EC2Client({});

const router = new Router();
router.get('/healthcheck', (context) => {
  context.body = { message: 'ok' };
});
router.get('/elb/:elbName', auth({ name, pass }), async (context) => {
  const { elbName } = context['params'] as { elbName: string };
  const { LoadBalancerDescriptions } = await elb.send(
    new DescribeLoadBalancersCommand({ LoadBalancerNames: [elbName] }),
  );
  const ids = (LoadBalancerDescriptions?.[0]?.Instances ?? []).flatMap(({ InstanceId }) => InstanceId ?? []);
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
  context.body = {
    message: (Reservations ?? [])
      .flatMap(({ Instances }) => Instances ?? [])
      .map(({ InstanceId, InstanceType, LaunchTime }) => ({
        instanceId: InstanceId,
        instanceType: InstanceType,
        launchDate: LaunchTime,
      })),
  };
});

const app = new Koa();
app.silent = true;
app.use(router.routes());
const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ msg: 'listening', port: (server.address() as AddressInfo).port }));
});
