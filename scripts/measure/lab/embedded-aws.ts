export interface AwsCall {
  readonly atMs: number;
  readonly tookMs: number;
  readonly action: string;
}

export interface AwsCalls {
  readonly total: number;
  readonly throttled: number;
  readonly calls: (action: string) => number;
  readonly log: readonly AwsCall[];
}

/** The path of the list that a scenario reads if it requires only one load balancer. */
export const listPath = '/elb/default-elb';
/** The number of members of `default-elb` after `fillDefaultElb`. */
export const members = 12;

/** Reads from the control path. The embedded AWS does not count requests to this path as AWS calls. */
async function read<T>(awsUrl: string, path: string): Promise<T> {
  return (await (await fetch(`${awsUrl}/_control/${path}`)).json()) as T;
}

/** Sends JSON to the control path. Throws if the response is not 2xx. */
export async function control(awsUrl: string, method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${awsUrl}/_control/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
}

/** Returns the AWS calls since the last reset. To reset them, use `control(url, 'DELETE', 'calls')`. */
export async function awsCalls(awsUrl: string): Promise<AwsCalls> {
  const { calls, throttled, actions, log } = await read<{
    calls: number;
    throttled: number;
    actions: Record<string, { calls: number }>;
    log: AwsCall[];
  }>(awsUrl, 'calls');
  return { total: calls, throttled, calls: (action) => actions[action]?.calls ?? 0, log };
}

/** Returns the path of the list of each load balancer. */
export async function listPaths(awsUrl: string): Promise<string[]> {
  const { loadBalancers } = await read<{ loadBalancers: { name: string }[] }>(awsUrl, 'load-balancers');
  return loadBalancers.map(({ name }) => `/elb/${name}`);
}

/** Returns the ids of the members of the load balancer. */
export async function membersOf(awsUrl: string, elbName: string): Promise<string[]> {
  return (await read<{ instances: string[] }>(awsUrl, `load-balancers/${elbName}`)).instances;
}

/** Returns the ids of the members that are in service. */
export async function inService(awsUrl: string, elbName: string): Promise<string[]> {
  const { health } = await read<{ health: { instanceId: string; state: string }[] }>(
    awsUrl,
    `health/${elbName}`,
  );
  return health.filter(({ state }) => state === 'InService').map(({ instanceId }) => instanceId);
}

/** Registers free instances from the sample region, so that default-elb has 12 members. */
export async function fillDefaultElb(awsUrl: string): Promise<void> {
  const { instances } = await read<{ instances: { instanceId: string; state: string; vpcId: string }[] }>(
    awsUrl,
    'instances',
  );
  const vpcId = instances.find(({ instanceId }) => instanceId === 'i-5203422c')?.vpcId;
  const ids = instances
    .filter((one) => one.state === 'running' && one.vpcId === vpcId)
    .map(({ instanceId }) => instanceId);
  await control(awsUrl, 'PUT', 'load-balancers/default-elb', { instances: ids.slice(0, members) });
}
