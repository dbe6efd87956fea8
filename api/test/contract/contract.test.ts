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

/** The methods and paths of every router of the application; the router adds HEAD to each GET by itself. */
function routesOfTheApplication(): string[] {
  // Routes are only listed here, none is called: what they would work with may be absent.
  const app = createApp({ docs: { swaggerYaml: '', swaggerUi: '' } } as AppDeps);
  return app.middleware
    .flatMap((middleware) => (middleware as { router?: Router }).router?.stack ?? [])
    .flatMap(({ path, methods }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
    )
    .sort();
}

function routesOfTheDocument(): string[] {
  return Object.entries(readSwagger().paths ?? {}).flatMap(([path, item]) =>
    operationsOf(item).map(([method]) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
}

describe('swagger.yaml', () => {
  it('is what the routes and api/contract.ts make it (mend with: npm run swagger)', () => {
    assert.equal(swaggerText(), renderSwagger());
  });

  it('has every route of the application but the pages about the API, and no other', () => {
    assert.deepEqual(routesOfTheApplication(), [...routesOfTheDocument(), ...undocumentedRoutes].sort());
  });

  it('is valid Swagger 2.0', async () => {
    const document = readSwagger();
    assert.equal(document['swagger'], '2.0');
    await SwaggerParser.validate(document as unknown as Parsable, { validate: { schema: true, spec: true } });
  });

  it('keeps all that clients hold in hand', () => {
    assert.deepEqual(contractDifferences(readContract(), readSwagger()), []);
  });

  it('has each condition of a member', () => {
    const { condition } = readSwagger().definitions?.['HealthEntry']?.properties as Record<
      string,
      { 'x-extensible-enum': string[] }
    >;
    assert.deepEqual(condition?.['x-extensible-enum'], [...conditions]);
  });

  it('has examples that fit their schemas', () => {
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

  describe('for the clients that are generated from it', () => {
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

    it('names every operation, each with a name of its own', () => {
      const names = operations.map(([, { operationId }]) => operationId);
      assert.ok(!names.includes(undefined));
      assert.equal(new Set(names).size, names.length);
    });

    it('has one schema for all successes of an operation, with a name', () => {
      const schemas = new Map<unknown, unknown>();
      for (const { name, operation, schema } of answers) {
        assert.match(schema?.$ref ?? '', /^#\/definitions\/\w+Answer$/, name);
        assert.equal(schemas.get(operation) ?? schema?.$ref, schema?.$ref, name);
        schemas.set(operation, schema?.$ref);
      }
    });

    it('types each property of an answer, and limits none to some values', () => {
      for (const { name, schema } of answers)
        for (const [place, { type, enum: values }] of placesOf(name, schema!)) {
          assert.equal(typeof type, 'string', place);
          if (!place.startsWith('get healthcheck')) assert.equal(values, undefined, place);
        }
    });

    it('allows further properties wherever an answer may get some', () => {
      const fixed = Object.keys(readContract().definitions ?? {}).map((name) => `#/definitions/${name}`);
      for (const { name, schema } of answers)
        for (const [place, { $ref, type, properties, additionalProperties }] of placesOf(name, schema!)) {
          if (type !== 'object' || properties === undefined || place === name) continue;
          assert.equal(additionalProperties, fixed.includes($ref ?? '') ? undefined : true, place);
        }
    });

    /** The schema and all that it is made of, each by its place, with the `$ref` that led there. */
    function placesOf(place: string, schema: SchemaObject): [string, SchemaObject][] {
      const { $ref } = schema;
      const own: SchemaObject = { ...resolve(document, schema), ...($ref !== undefined && { $ref }) };
      const properties = Object.entries((own.properties ?? {}) as Record<string, SchemaObject>);
      return [
        [place, own],
        ...properties.flatMap(([name, property]) => placesOf(`${place} ${name}`, property)),
        ...(own['items'] === undefined ? [] : placesOf(`${place} []`, own['items'] as SchemaObject)),
      ];
    }
  });
});
