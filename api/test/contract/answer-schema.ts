import assert from 'node:assert/strict';
import { Ajv, type ValidateFunction } from 'ajv';
import { errorStatus } from '../../http/answers/error-status.ts';
import {
  dereference,
  type OperationObject,
  operationsOf,
  readSwagger,
  type ResponseObject,
  type SchemaObject,
  undocumentedRoutes,
} from './swagger.ts';

/** A response with the headers that fetch returned, and with its body as text. */
export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: string;
}

const document = dereference(readSwagger(), readSwagger());
const ajv = new Ajv({ allErrors: true, keywords: ['example'] });
/** Caches the compiled validators, because compiling one takes longer than a request. */
const validators = new WeakMap<SchemaObject, ValidateFunction>();

/** The responses to requests that match no operation: those with an undeclared method or an unknown path. */
const withoutOperation = {
  308: 'HttpsRequired',
  400: 'WrongParameter',
  401: 'Unauthenticated',
  429: 'TooManyAttempts',
  500: 'Unforeseen',
  503: 'Unavailable',
};
const unknownMethod = { ...withoutOperation, 405: 'MethodNotAllowed' };
const unknownPath = { ...withoutOperation, 404: 'PathNotFound' };

/**
 * Asserts that swagger.yaml declares this status for the request, and that the response matches the declaration: the
 * JSON body matches its schema (without undeclared properties), and the headers and the error code are as declared. A
 * response to HEAD is compared with the declaration for GET and must not have a body. Ignores the documentation pages
 * and the metrics. Throws an AssertionError.
 *
 * @example assertAnswerFits('GET', '/elb/web', { status, headers, body: await response.clone().text() })
 */
export function assertAnswerFits(method: string, path: string, { status, headers, body }: Answer): void {
  const operationMethod = method === 'HEAD' ? 'GET' : method;
  const pathname = path.replace(/[?#].*$/, '').replace(/(?<=.)\/$/, '');
  if (status < 400 && undocumentedRoutes.includes(`${operationMethod} ${pathname}`)) return;

  const name = `${method} ${path} ${status}`;
  const response = responsesOf(operationMethod, pathname)[status];
  assert.ok(response, `${name}: swagger.yaml does not have this status for this request`);
  for (const [header, { type, enum: values }] of Object.entries(response.headers ?? {})) {
    const value = headers.get(header);
    assert.ok(value !== null, `${name}: ${header} is missing`);
    if (type === 'integer') assert.match(value, /^-?\d+$/, `${name}: ${header} is not an integer`);
    assert.ok(values?.includes(value) ?? true, `${name}: swagger.yaml does not have ${header}: ${value}`);
  }
  if (status >= 400) assertCodeFits(name, status, headers.get('Error-Code') ?? 'missing');
  if (method === 'HEAD' || response.schema === undefined) {
    assert.equal(body, '', `${name}: the response must be without a body`);
    return;
  }
  assert.match(headers.get('Content-Type') ?? '', /^application\/json\b/, `${name}: not sent as JSON`);
  const validate = validatorOf(response.schema);
  const valid = validate(parse(name, body));
  assert.ok(valid, `${name}: ${ajv.errorsText(validate.errors, { dataVar: 'body' })} in ${body}`);
}

function validatorOf(schema: SchemaObject): ValidateFunction {
  const cached = validators.get(schema);
  if (cached !== undefined) return cached;
  const validate = ajv.compile(closed(schema));
  validators.set(schema, validate);
  return validate;
}

function responsesOf(method: string, pathname: string): Readonly<Record<string, ResponseObject>> {
  const path = Object.entries(document.paths ?? {}).find(([template]) => matches(template, pathname))?.[1];
  if (path === undefined) {
    const isPage = undocumentedRoutes.some((route) => route.endsWith(` ${pathname}`));
    return shared(isPage ? { ...unknownMethod, ...unknownPath } : unknownPath);
  }
  const operation: OperationObject | undefined = Object.fromEntries(operationsOf(path))[method.toLowerCase()];
  return operation === undefined ? shared(unknownMethod) : (operation.responses ?? {});
}

function assertCodeFits(name: string, status: number, code: string): void {
  const expected = (errorStatus as Readonly<Record<string, number>>)[code];
  assert.equal(expected, status, `${name}: Error-Code is ${code}, which is not a code of this status`);
}

/** Returns true if the path matches the template, in which `{name}` represents one segment. */
function matches(template: string, pathname: string): boolean {
  const segments = pathname.split('/');
  const expected = template.split('/');
  return (
    segments.length === expected.length &&
    expected.every((part, n) => (/^\{.*\}$/.test(part) ? segments[n] !== '' : part === segments[n]))
  );
}

function shared(names: Readonly<Record<string, string>>): Record<string, ResponseObject> {
  const responses = document.responses ?? {};
  return Object.fromEntries(Object.entries(names).map(([status, name]) => [status, responses[name] ?? {}]));
}

/**
 * Returns the schema without support for additional properties (except those in `x-further-properties`) and additional
 * enum values. Schemas are extensible for later versions; in a test, an undeclared property may be a leak.
 */
function closed(schema: SchemaObject): SchemaObject {
  const {
    items,
    properties,
    'x-further-properties': further = [],
    'x-extensible-enum': values,
    ...rest
  } = schema;
  const all = {
    ...Object.fromEntries((further as string[]).map((name) => [name, {}])),
    ...(properties as Record<string, SchemaObject> | undefined),
  };
  const entries = Object.entries(all).map(([name, property]) => [name, closed(property)] as const);
  return {
    ...rest,
    ...(values !== undefined && { enum: values }),
    ...(items !== undefined && { items: closed(items as SchemaObject) }),
    ...(properties && { properties: Object.fromEntries(entries), additionalProperties: false }),
  };
}

function parse(name: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return assert.fail(`${name}: the body is not JSON: ${body}`);
  }
}
