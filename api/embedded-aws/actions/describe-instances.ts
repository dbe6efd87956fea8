import { AwsError } from '../protocol/aws-error.ts';
import { INSTANCE_ID, type Instance } from '../region/instance.ts';
import type { Region } from '../region/region.ts';
import { xml, type Query } from '../protocol/query-protocol.ts';
import { hasWildcard, readFilters, type Filter } from './instance-filters.ts';
import { instanceDocument } from './instance-document.ts';

/**
 * Implements DescribeInstances by ids, by filters or for all instances, in pages with MaxResults or NextToken (EC2 API
 * reference). Each instance has its own reservation.
 * @throws AwsError InvalidInstanceID.NotFound, InvalidInstanceID.Malformed, InvalidParameterValue,
 * InvalidParameterCombination, FilterLimitExceeded, InvalidNextToken
 */
export function describeInstances(region: Region, query: Query): string {
  const ids = query.list('InstanceId');
  const maxResults = readMaxResults(query.get('MaxResults'));
  const token = query.get('NextToken');
  if (ids.length > 0 && (maxResults !== undefined || token !== undefined)) {
    const message = 'The parameter instancesSet cannot be used with the parameter maxResults';
    throw new AwsError('InvalidParameterCombination', message);
  }
  const filters = readFilters(query);
  const found = (ids.length > 0 ? byIds(region, ids) : candidates(region, filters)).filter(
    (instance) => !instance.forgotten && filters.every((filter) => filter.matches(instance)),
  );
  const after = readToken(token);
  const rest = after === undefined ? found : found.filter(({ ordinal }) => ordinal > after);
  const page = maxResults === undefined ? rest : rest.slice(0, maxResults);
  const last = page.at(-1);
  const next = last && page.length < rest.length ? `<nextToken>${nextToken(last)}</nextToken>` : '';
  return `<reservationSet>${page.map(reservationXml).join('')}</reservationSet>${next}`;
}

function byIds(region: Region, ids: readonly string[]): readonly Instance[] {
  const malformed = ids.find((id) => !INSTANCE_ID.test(id));
  if (malformed !== undefined) {
    throw new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  }
  const unknown = [...new Set(ids)].filter((id) => region.instance(id)?.forgotten !== false);
  if (unknown.length > 0) {
    const message =
      unknown.length === 1
        ? `The instance ID '${unknown.join('')}' does not exist`
        : `The instance IDs '${unknown.join(', ')}' do not exist`;
    throw new AwsError('InvalidInstanceID.NotFound', message);
  }
  return pick(region, ids);
}

/** Looks up the ids in an `instance-id` filter without wildcards instead of scanning all instances. */
function candidates(region: Region, filters: readonly Filter[]): readonly Instance[] {
  const byId = filters.find(({ name, values }) => name === 'instance-id' && !values.some(hasWildcard));
  return byId ? pick(region, byId.values) : region.instances();
}

function pick(region: Region, ids: readonly string[]): readonly Instance[] {
  return [...new Set(ids)].flatMap((id) => region.instance(id) ?? []).sort((a, b) => a.ordinal - b.ordinal);
}

function readMaxResults(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 5 && number <= 1000) return number;
  const message = `Value ( ${text} ) for parameter maxResults is invalid. Expecting a value greater than 5 and less than 1000.`;
  throw new AwsError('InvalidParameterValue', message);
}

/** Returns an opaque token that contains the position of the last instance on the page. */
function nextToken({ ordinal }: Instance): string {
  return Buffer.from(`after ${ordinal}`).toString('base64url');
}

function readToken(token: string | undefined): number | undefined {
  if (token === undefined) return undefined;
  const ordinal = /^after (\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (ordinal === undefined) throw new AwsError('InvalidNextToken', 'The specified NextToken is not valid.');
  return Number(ordinal);
}

const cache = new WeakMap<Instance, string>();

function reservationXml(instance: Instance): string {
  let text = cache.get(instance);
  if (text === undefined) {
    text = xml({ item: instanceDocument(instance) });
    cache.set(instance, text);
  }
  return text;
}
