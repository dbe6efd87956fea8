import { authorization, control, request } from './processes.ts';

/** The list that is read when one load balancer is enough. */
export const listPath = '/elb/default-elb';
const members = 12;

/** Registers free instances of the sample region, so that default-elb has 12 members. */
export async function fillDefaultElb(awsUrl: string): Promise<void> {
  const response = await fetch(`${awsUrl}/_control/instances`);
  const { instances } = (await response.json()) as {
    instances: { instanceId: string; state: string; vpcId: string }[];
  };
  const vpcId = instances.find(({ instanceId }) => instanceId === 'i-5203422c')?.vpcId;
  const ids = instances
    .filter((one) => one.state === 'running' && one.vpcId === vpcId)
    .map(({ instanceId }) => instanceId);
  await control(awsUrl, 'PUT', 'load-balancers/default-elb', { instances: ids.slice(0, members) });
}

/** What the service answers, as JSON, for the baselines to answer the same. */
export async function captureAnswer(serviceUrl: string): Promise<string> {
  await request(serviceUrl, listPath, { headers: { 'Cache-Control': 'no-cache' } });
  const response = await request(serviceUrl, listPath);
  const body = await response.text();
  const { message } = JSON.parse(body) as { message: unknown[] };
  if (message.length !== members) throw new Error(`the list has ${message.length} members, not ${members}`);
  const notOfNode = [...response.headers].filter(
    ([name]) => !['date', 'connection', 'keep-alive'].includes(name),
  );
  return JSON.stringify({ headers: Object.fromEntries(notOfNode), body, authorization });
}
