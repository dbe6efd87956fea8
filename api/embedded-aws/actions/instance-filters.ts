import { AwsError } from '../protocol/aws-error.ts';
import type { Instance } from '../region/instance.ts';
import type { Query } from '../protocol/query-protocol.ts';

/** The maximum number of values in one filter (gjbae1212/gossm#35). */
const MAX_VALUES = 200;

/** The supported filters of DescribeInstances and the fields that they match. */
const FIELDS: Readonly<Record<string, (instance: Instance) => string>> = {
  'instance-id': (instance) => instance.instanceId,
  'instance-state-name': (instance) => instance.state,
  'instance-type': (instance) => instance.instanceType,
  'vpc-id': (instance) => instance.vpcId,
};

/** A filter that matches if the field has one of `values`. */
export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
  matches(instance: Instance): boolean;
}

/**
 * Returns the filters of a call. An instance must match all of them. @throws AwsError InvalidParameterValue,
 * FilterLimitExceeded
 */
export function readFilters(query: Query): readonly Filter[] {
  return query.numbers('Filter').map((n) => {
    const name = query.get(`Filter.${n}.Name`) ?? '';
    const values = query.list(`Filter.${n}.Value`);
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!field) throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
    if (values.length > MAX_VALUES) {
      const message = `The maximum number of filter values specified on a single call is ${MAX_VALUES}`;
      throw new AwsError('FilterLimitExceeded', message);
    }
    const exact = new Set(values);
    const patterns = values.filter(hasWildcard).map(toPattern);
    return {
      name,
      values,
      matches: (instance) => {
        const value = field(instance);
        return exact.has(value) || patterns.some((pattern) => pattern.test(value));
      },
    };
  });
}

/** Returns true if a filter value contains an EC2 wildcard: `*` (any characters) or `?` (zero or one character). */
export function hasWildcard(value: string): boolean {
  return /[*?\\]/.test(value);
}

/** A backslash escapes the next character (EC2 user guide, "Filter your resources"). */
function toPattern(value: string): RegExp {
  const source = value.replace(/\\(.)|[*?]|[^\w\s]/gsu, (token, escaped: string | undefined) => {
    if (token === '*') return '.*';
    if (token === '?') return '.?';
    return (escaped ?? token).replace(/[^\w\s]/u, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}
