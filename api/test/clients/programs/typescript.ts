// Makes the calls in ../calls.ts with the generated client, and prints each parsed response as one line of JSON. Usage:
// node program.js URL USER PASSWORD
import { type ApiResponse, Configuration, HealthApi, LoadBalancersApi, ResponseError } from './index.js';

const [basePath, username, password] = process.argv.slice(2);
const configuration = new Configuration({ basePath, username, password });
const elbs = new LoadBalancersApi(configuration);
const health = new HealthApi(configuration);
const unauthorized = new LoadBalancersApi(new Configuration({ basePath, username, password: 'wrong' }));

const elbName = 'default-elb';
const free = 'i-0b22a22eec53b9321';
const alsoFree = 'i-0c4d1e7f8a9b03562';
const member = 'i-5203422c';
const unknown = 'i-00000000000000000';

async function print<T>(call: string, request: Promise<ApiResponse<{ message: T }>>): Promise<T | undefined> {
  try {
    const response = await request;
    const { message } = await response.value();
    console.log(JSON.stringify({ call, status: response.raw.status, message }));
    return message;
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const { message } = (await error.response.json()) as { message: string };
    console.log(JSON.stringify({ call, status: error.response.status, message }));
    return undefined;
  }
}

await print('lists with a wrong password', unauthorized.listMachinesElbRaw({ elbName }));
await print('lists an unknown load balancer', elbs.listMachinesElbRaw({ elbName: 'nope' }));
await print('attaches without a body', elbs.attachInstanceRaw({ elbName }));
await print(
  'attaches an unknown instance',
  elbs.attachInstanceRaw({ elbName, machineId: { instanceId: unknown } }),
);
await print('attaches a member', elbs.attachInstanceRaw({ elbName, machineId: { instanceId: member } }));
await print(
  'detaches an instance that is not a member',
  elbs.detachInstanceRaw({ elbName, machineId: { instanceId: free } }),
);
await print('detaches without a body and a query', elbs.detachInstanceRaw({ elbName }));
await print('checks the health of the service', health.healthcheckRaw());
await print('reads the status', health.statusRaw());
await print('lists two load balancers', elbs.listElbsRaw({ limit: 2 }));
await print('lists the members', elbs.listMachinesElbRaw({ elbName }));
await print(
  'attaches in a dry run',
  elbs.attachInstanceRaw({ elbName, dryRun: true, machineId: { instanceId: free } }),
);
const attached = await print(
  'attaches',
  elbs.attachInstanceRaw({ elbName, machineId: { instanceId: free } }),
);
if (attached?.launchDate !== '2024-01-09T11:30:00.000Z') throw new Error('the change has no launch date');
const waited = await print(
  'attaches and waits',
  elbs.attachInstanceRaw({ elbName, wait: 'in-service', timeout: 1, machineId: { instanceId: alsoFree } }),
);
if (waited?.health?.condition !== 'registering') throw new Error('the change has no health');
await print('reads the health of the members', elbs.listElbHealthRaw({ elbName }));
const query = { elbName, instanceId: member };
await print(
  'detaches in a dry run, with the instance in the query',
  elbs.detachInstanceRaw({ ...query, dryRun: true }),
);
await print('detaches with the instance in the query', elbs.detachInstanceRaw(query));
await print(
  'detaches with the instance in the query and an empty body',
  // An empty model, which only callers without type checking can send.
  elbs.detachInstanceRaw({ elbName, instanceId: free, machineId: JSON.parse('{}') }),
);
await print(
  'detaches and waits',
  elbs.detachInstanceRaw({ elbName, wait: 'drained', timeout: 1, machineId: { instanceId: 'i-6d304aae' } }),
);
const emptyElb = { elbName: 'empty-elb' };
await print(
  'attaches many in a dry run',
  elbs.attachInstancesRaw({ ...emptyElb, dryRun: true, instanceIds: { instanceIds: [free, 'x'] } }),
);
await print(
  'attaches many',
  elbs.attachInstancesRaw({ ...emptyElb, instanceIds: { instanceIds: [free, unknown] } }),
);
await print('detaches many', elbs.detachInstancesRaw({ ...emptyElb, instanceIds: { instanceIds: [free] } }));
