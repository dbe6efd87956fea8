import assert from 'node:assert/strict';
import type Router from '@koa/router';
import SwaggerParser from '@apidevtools/swagger-parser';
import { Ajv } from 'ajv';
import { renderSwagger } from '../../../scripts/swagger-document.ts';
import { type AppDeps, createApp } from '../../app.ts';
import { conditions } from '../../load-balancers/member-health.ts';
import { contractDifferences } from './contract-differences.ts';
import {
  dereference,
  operationsOf,
  readContract,
  readSwagger,
  resolve,
  type SchemaObject,
  swaggerText,
  undocumentedRoutes,
} from './swagger.ts';

type Parsable = Parameters<typeof SwaggerParser.validate>[0];

/** Returns the method and path of each route, without the HEAD routes that the router adds for GET routes. */
function applicationRoutes(): string[] {
  // The test lists the routes but does not call them, so most dependencies can be absent.
  const app = createApp({ docs: { swaggerYaml: '', swaggerUi: '' }, metrics: {}, pipeline: {} } as AppDeps);
  return app.middleware
    .flatMap((middleware) => (middleware as { router?: Router }).router?.stack ?? [])
    .flatMap(({ path, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
    )
    .sort();
}

function documentedRoutes(): string[] {
  return Object.entries(readSwagger().paths ?? {}).flatMap(([path, item]) =>
    operationsOf(item).map(([method]) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
}

describe('swagger.yaml', () => {
  it('is up to date with api/contract.ts (otherwise run: npm run swagger)', () => {
    assert.equal(swaggerText(), renderSwagger());
  });

  it('declares all routes except the documentation pages and the metrics', () => {
    assert.deepEqual(applicationRoutes(), [...documentedRoutes(), ...undocumentedRoutes].sort());
  });

  it('is valid Swagger 2.0', async () => {
    const document = readSwagger();
    assert.equal(document['swagger'], '2.0');
    await SwaggerParser.validate(document as unknown as Parsable, { validate: { schema: true, spec: true } });
  });

  it('is compatible with the contract of existing clients', () => {
    assert.deepEqual(contractDifferences(readContract(), readSwagger()), []);
  });

  it('declares each condition of a member', () => {
    const { condition } = readSwagger().definitions?.['HealthEntry']?.properties as Record<
      string,
      { 'x-extensible-enum': string[] }
    >;
    assert.deepEqual(condition?.['x-extensible-enum'], [...conditions]);
  });

  it('contains examples that match their schemas', () => {
    const document = dereference(readSwagger(), readSwagger());
    const ajv = new Ajv({ keywords: ['example', 'x-further-properties', 'x-extensible-enum'] });
    const responses = Object.values(document.paths ?? {})
      .flatMap((path) => operationsOf(path).flatMap(([, { responses = {} }]) => Object.values(responses)))
      .filter(({ examples }) => examples !== undefined);
    assert.notEqual(responses.length, 0);
    for (const { schema = {}, examples = {} } of responses) {
      assert.deepEqual(Object.keys(examples), ['application/json']);
      assert.ok(ajv.validate(schema, examples['application/json']), JSON.stringify(examples));
    }
  });

  describe('for client generators', () => {
    const document = readSwagger();
    const operations = Object.values(document.paths ?? {}).flatMap((path) => operationsOf(path));
    const answers = operations.flatMap(([method, operation]) =>
      Object.entries(operation.responses ?? {})
        .filter(([status]) => status.startsWith('2'))
        .map(([status, { schema }]) => ({
          name: `${method} ${String(operation['operationId'])} ${status}`,
          operation,
          schema,
        })),
    );

    it('has a unique operationId for each operation', () => {
      const names = operations.map(([, { operationId }]) => operationId);
      assert.ok(!names.includes(undefined));
      assert.equal(new Set(names).size, names.length);
    });

    it('has one named schema for all success responses of an operation', () => {
      const schemas = new Map<unknown, unknown>();
      for (const { name, operation, schema } of answers) {
        assert.match(schema?.$ref ?? '', /^#\/definitions\/\w+Answer$/, name);
        assert.equal(schemas.get(operation) ?? schema?.$ref, schema?.$ref, name);
        schemas.set(operation, schema?.$ref);
      }
    });

    it('has a type and no enum for each property of a response', () => {
      for (const { name, schema } of answers)
        for (const [path, { type, enum: values }] of nestedSchemas(name, schema!)) {
          assert.equal(typeof type, 'string', path);
          if (!path.startsWith('get healthcheck')) assert.equal(values, undefined, path);
        }
    });

    it('allows further properties in each extensible response schema', () => {
      const fixed = Object.keys(readContract().definitions ?? {}).map((name) => `#/definitions/${name}`);
      for (const { name, schema } of answers)
        for (const [path, { $ref, type, properties, additionalProperties }] of nestedSchemas(name, schema!)) {
          if (type !== 'object' || properties === undefined || path === name) continue;
          assert.equal(additionalProperties, fixed.includes($ref ?? '') ? undefined : true, path);
        }
    });

    /**
     * Returns the path and resolved schema of this schema and of each nested schema. Each resolved schema keeps its
     * `$ref`.
     */
    function nestedSchemas(path: string, schema: SchemaObject): [string, SchemaObject][] {
      const { $ref } = schema;
      const own: SchemaObject = { ...resolve(document, schema), ...($ref !== undefined && { $ref }) };
      const properties = Object.entries((own.properties ?? {}) as Record<string, SchemaObject>);
      return [
        [path, own],
        ...properties.flatMap(([name, property]) => nestedSchemas(`${path} ${name}`, property)),
        ...(own['items'] === undefined ? [] : nestedSchemas(`${path} []`, own['items'] as SchemaObject)),
      ];
    }
  });
});
