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

/** An answer as it came: `headers` of fetch, and the body's text. */
export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: string;
}

const document = dereference(readSwagger(), readSwagger());
const ajv = new Ajv({ allErrors: true, keywords: ['example'] });
/** The validator of each response schema. Compiling one takes longer than a request. */
const validators = new WeakMap<SchemaObject, ValidateFunction>();

/** What can be answered where no operation is: by a method that a path lacks, and by an unknown path. */
const elsewhere = { 400: 'WrongParameter', 401: 'Unauthenticated', 500: 'Unforeseen' };
const methodLacking = { ...elsewhere, 405: 'MethodNotAllowed' };
const pathLacking = { ...elsewhere, 404: 'PathNotFound' };

/**
 * Asserts that swagger.yaml has this status for the request, and that the answer fits it: the JSON body its schema
 * (with no property that it does not name), the headers those that it promises, the code of a failure one that it lists. A HEAD is held against the GET, and
 * has no body, like a status without a schema. The pages about the API are left alone. Throws AssertionError.
 *
 * @example assertAnswerFits('GET', '/elb/web', { status, headers, body: await response.clone().text() })
 */
export function assertAnswerFits(method: string, path: string, { status, headers, body }: Answer): void {
  const asked = method === 'HEAD' ? 'GET' : method;
  const pathname = path.replace(/[?#].*$/, '').replace(/(?<=.)\/$/, '');
  if (status < 400 && undocumentedRoutes.includes(`${asked} ${pathname}`)) return;

  const name = `${method} ${path} ${status}`;
  const response = responsesOf(asked, pathname)[status];
  assert.ok(response, `${name}: swagger.yaml does not have this status for this request`);
  for (const [header, { type, enum: values }] of Object.entries(response.headers ?? {})) {
    const value = headers.get(header);
    assert.ok(value !== null, `${name}: ${header} is missing`);
    if (type === 'integer') assert.match(value, /^-?\d+$/, `${name}: ${header} is not an integer`);
    assert.ok(values?.includes(value) ?? true, `${name}: swagger.yaml does not have ${header}: ${value}`);
  }
  if (status >= 400) assertCodeFits(name, status, headers.get('Error-Code') ?? 'missing');
  if (method === 'HEAD' || response.schema === undefined) {
    assert.equal(body, '', `${name}: is answered without a body`);
    return;
  }
  assert.match(headers.get('Content-Type') ?? '', /^application\/json\b/, `${name}: not sent as JSON`);
  const validate = validatorOf(response.schema);
  const valid = validate(parse(name, body));
  assert.ok(valid, `${name}: ${ajv.errorsText(validate.errors, { dataVar: 'body' })} in ${body}`);
}

function validatorOf(schema: SchemaObject): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validate = ajv.compile(closed(schema));
  validators.set(schema, validate);
  return validate;
}

function responsesOf(method: string, pathname: string): Readonly<Record<string, ResponseObject>> {
  const path = Object.entries(document.paths ?? {}).find(([template]) => matches(template, pathname))?.[1];
  if (path === undefined) {
    const isPage = undocumentedRoutes.some((route) => route.endsWith(` ${pathname}`));
    return shared(isPage ? { ...methodLacking, ...pathLacking } : pathLacking);
  }
  const operation: OperationObject | undefined = Object.fromEntries(operationsOf(path))[method.toLowerCase()];
  return operation === undefined ? shared(methodLacking) : (operation.responses ?? {});
}

function assertCodeFits(name: string, status: number, code: string): void {
  const expected = (errorStatus as Readonly<Record<string, number>>)[code];
  assert.equal(expected, status, `${name}: Error-Code is ${code}, which is no code of this status`);
}

/** `{name}` of a template stands for one segment of the path. */
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
 * Returns the schema without its permission of further properties (except those that `x-further-properties` names) and
 * of further values. The permission is for later versions; in a test, what is not described may be a leak.
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
