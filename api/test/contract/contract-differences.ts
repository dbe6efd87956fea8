import { isDeepStrictEqual } from 'node:util';
import {
  dereference,
  type OperationObject,
  operationsOf,
  type ParameterObject,
  type PathItem,
  resolve,
  type ResponseObject,
  type SchemaObject,
  type SwaggerDocument,
} from './swagger.ts';

/**
 * Returns one sentence for each part of the contract that is missing or different in the document. A success schema X
 * in the contract must be `{message: X}` in the document, or `{message: Y}` where the object Y adds optional properties
 * to X. Additions and changes in `info` are allowed, except new required parameters, because clients do not send them.
 */
export function contractDifferences(contract: SwaggerDocument, document: SwaggerDocument): string[] {
  return [
    ...changed('', contract, document, ['info', 'paths', 'definitions', 'security']),
    ...changed('definitions: ', contract.definitions ?? {}, document.definitions ?? {}),
    ...Object.entries(contract.paths ?? {}).flatMap(([path, expected]) => {
      const found = document.paths?.[path];
      if (found === undefined) return [`${path} is dropped`];
      return operationsOf(expected).flatMap(([method, operation]) => {
        const name = `${method.toUpperCase()} ${path}`;
        const kept = found[method] as OperationObject | undefined;
        if (kept === undefined) return [`${name} is dropped`];
        return operationDifferences(
          name,
          effective(contract, expected, operation),
          effective(document, found, kept),
        );
      });
    }),
  ];
}

type Effective = Record<'properties' | 'parameters' | 'responses', Readonly<Record<string, unknown>>>;

/** Returns the operation with its inherited parameters and security, and with its parameters and responses by name. */
function effective(document: SwaggerDocument, path: PathItem, operation: OperationObject): Effective {
  const { parameters: own = [], responses = {}, ...properties } = operation;
  const shared = (path['parameters'] ?? []) as ParameterObject[];
  const parameters = [...shared, ...own].map((parameter) => withoutExtensions(resolve(document, parameter)));
  return {
    properties: { security: document.security, ...properties },
    parameters: Object.fromEntries(parameters.map((one) => [`${String(one.in)} ${String(one.name)}`, one])),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [
        status,
        dereferenced(document, resolve(document, response)),
      ]),
    ),
  };
}

/** Returns the response with all references in its schema resolved. */
function dereferenced(document: SwaggerDocument, response: ResponseObject): ResponseObject {
  return response.schema === undefined
    ? response
    : { ...response, schema: dereference(document, response.schema) };
}

function operationDifferences(name: string, expected: Effective, found: Effective): string[] {
  const added = Object.entries(found.parameters).filter(([key]) => !(key in expected.parameters));
  return [
    ...changed(`${name}: `, expected.properties, found.properties),
    ...changed(`${name}: parameter `, expected.parameters, found.parameters),
    ...added
      .filter(([, parameter]) => (parameter as ParameterObject).required)
      .map(([key]) => `${name}: parameter ${key} is new and required`),
    ...Object.entries(expected.responses).flatMap(([status, response]) =>
      responseDifferences(
        `${name} ${status}`,
        status.startsWith('2'),
        response as ResponseObject,
        found.responses[status] as ResponseObject | undefined,
      ),
    ),
  ];
}

function responseDifferences(
  name: string,
  success: boolean,
  expected: ResponseObject,
  found: ResponseObject | undefined,
): string[] {
  if (found === undefined) return [`${name} is dropped`];
  const { schema, ...properties } = expected;
  const differences = changed(`${name}: `, properties, found);
  if (!success)
    return schema === undefined ? differences : [...differences, ...changed(`${name}: `, { schema }, found)];
  if (schema === undefined && found.schema === undefined) return differences;
  const enveloped = found.schema && envelopedIn(found.schema);
  if (enveloped === undefined) return [...differences, `${name}: the schema is not {message: …}`];
  return schema === undefined || contains(enveloped as SchemaObject, schema)
    ? differences
    : [...differences, `${name}: the schema in the envelope is changed`];
}

/** Returns true if the object schema `found` equals `expected`, apart from additional optional properties. */
function contains(found: SchemaObject, expected: SchemaObject): boolean {
  if (expected.properties === undefined) return isDeepStrictEqual(expected, found);
  const { properties: expectedProperties, ...rest } = expected;
  return (
    Object.entries(rest).every(([key, value]) => isDeepStrictEqual(value, found[key])) &&
    Object.entries(expectedProperties).every(([key, value]) =>
      isDeepStrictEqual(value, (found.properties as Record<string, unknown> | undefined)?.[key]),
    )
  );
}

/** Returns X from the schema `{message: X}`, or undefined if the schema has another form. */
function envelopedIn({ type, required, properties = {} }: SchemaObject): unknown {
  const isEnvelope =
    type === 'object' && isDeepStrictEqual([Object.keys(properties), required], [['message'], ['message']]);
  return isEnvelope ? (properties as Record<string, unknown>)['message'] : undefined;
}

/** Returns one sentence for each property of `expected` that is missing or different in `found`. */
function changed(name: string, expected: object, found: object, ignored: readonly string[] = []): string[] {
  const values = found as Record<string, unknown>;
  return Object.entries(expected)
    .filter(([key, value]) => !ignored.includes(key) && !isDeepStrictEqual(value, values[key]))
    .map(([key]) => `${name}${key} is ${key in values ? 'changed' : 'dropped'}`);
}

function withoutExtensions(parameter: ParameterObject): ParameterObject {
  return Object.fromEntries(Object.entries(parameter).filter(([key]) => !key.startsWith('x-')));
}
