import assert from 'node:assert/strict';
import { contractDifferences } from './contract-differences.ts';
import { readContract, readSwagger, type SwaggerDocument } from './swagger.ts';

const machine = { $ref: '#/definitions/MachineInfo' };
const answer = { type: 'object', required: ['message'], properties: { message: machine } };
const gone = { description: 'the elb does not exist' };
const responses = { 200: { description: 'new' } };

/** What is done to the document (a place, its keys apart by blanks, and what is put there) and what must be said. */
const breaches: [title: string, place: string, value: unknown, differences: string | string[]][] = [
  ['a dropped path', 'paths /healthcheck', undefined, '/healthcheck is dropped'],
  ['a dropped method', 'elb delete', undefined, 'DELETE /elb/{elbName} is dropped'],
  ['a changed operationId', 'elb post operationId', 'attach', 'POST /elb/{elbName}: operationId is changed'],
  ['a changed description', 'elb get description', 'List', 'GET /elb/{elbName}: description is changed'],
  ['new need of credentials', 'health get security', undefined, 'GET /healthcheck: security is changed'],
  ['no need of credentials', 'elb get security', [], 'GET /elb/{elbName}: security is changed'],
  ['other credentials', 'securityDefinitions', {}, 'securityDefinitions is changed'],
  ['another Swagger', 'swagger', undefined, 'swagger is dropped'],
  [
    'a changed definition',
    'definitions MachineInfo properties launchDate type',
    'integer',
    ['definitions: MachineInfo is changed', 'GET /elb/{elbName} 200: the schema in the envelope is changed'],
  ],
  ['a dropped definition', 'definitions MachineId', undefined, 'definitions: MachineId is dropped'],
  [
    'a renamed parameter',
    'elb post parameters 0 name',
    'machine',
    'POST /elb/{elbName}: parameter body machineId is dropped',
  ],
  [
    'a parameter that has become required',
    'elb delete parameters 0 required',
    true,
    'DELETE /elb/{elbName}: parameter body machineId is changed',
  ],
  [
    'a new parameter that is required',
    'elb delete parameters 1 required',
    true,
    'DELETE /elb/{elbName}: parameter query instanceId is new and required',
  ],
  ['a dropped status', 'elb post responses 409', undefined, 'POST /elb/{elbName} 409 is dropped'],
  [
    'a status with another description',
    'elb get responses 404 description',
    'gone',
    'GET /elb/{elbName} 404: description is changed',
  ],
  [
    'a success without its envelope',
    'elb post responses 201 schema',
    machine,
    'POST /elb/{elbName} 201: the schema is not {message: …}',
  ],
  [
    'a success without a schema',
    'elb delete responses 201 schema',
    undefined,
    'DELETE /elb/{elbName} 201: the schema is not {message: …}',
  ],
  [
    'a success with more than its envelope',
    'definitions MachineListAnswer properties count',
    { type: 'integer' },
    'GET /elb/{elbName} 200: the schema is not {message: …}',
  ],
  [
    'an envelope that may be empty',
    'definitions HealthcheckAnswer required',
    undefined,
    'GET /healthcheck 200: the schema is not {message: …}',
  ],
  [
    'a missing property of the schema in the envelope',
    'definitions Change properties launchDate',
    undefined,
    [
      'POST /elb/{elbName} 201: the schema in the envelope is changed',
      'DELETE /elb/{elbName} 201: the schema in the envelope is changed',
    ],
  ],
  [
    'another required property of the schema in the envelope',
    'definitions Change required 3',
    'dryRun',
    [
      'POST /elb/{elbName} 201: the schema in the envelope is changed',
      'DELETE /elb/{elbName} 201: the schema in the envelope is changed',
    ],
  ],
  [
    'another schema in the envelope',
    'definitions MachineListAnswer properties message items',
    { type: 'string' },
    'GET /elb/{elbName} 200: the schema in the envelope is changed',
  ],
];

const additions: [title: string, edits: Record<string, unknown>][] = [
  ['another title', { 'info title': 'other' }],
  ['a path', { 'paths /new': { get: { responses } } }],
  ['a method', { 'elb put': { responses } }],
  ['a status', { 'elb get responses 418': { description: 'a teapot' } }],
  ['a parameter that is optional', { 'elb get parameters': [{ in: 'query', name: 'page', type: 'string' }] }],
  ['an example of a parameter', { 'elb parameters 0 x-example': 'web' }],
  [
    'an optional property of the schema in the envelope',
    { 'definitions Change properties more': { type: 'string' } },
  ],
  ['a definition', { 'definitions New': { type: 'object' } }],
  [
    'a response that is shared',
    { 'responses Gone': gone, 'elb get responses 404': { $ref: '#/responses/Gone' } },
  ],
  [
    'an envelope that is shared',
    { 'definitions Answer': answer, 'elb post responses 201 schema': { $ref: '#/definitions/Answer' } },
  ],
];

const places: Record<string, string> = { elb: 'paths /elb/{elbName}', health: 'paths /healthcheck' };

/** Returns swagger.yaml with each value put at its place; undefined removes. */
function edited(edits: Record<string, unknown>): SwaggerDocument {
  const document = readSwagger();
  for (const [place, value] of Object.entries(edits)) {
    const keys = place.replace(/^\w+/, (first) => places[first] ?? first).split(' ');
    const last = keys.pop() ?? '';
    const target = keys.reduce<Record<string, unknown>>(
      (at, key) => at[key] as Record<string, unknown>,
      document,
    );
    target[last] = value;
  }
  return JSON.parse(JSON.stringify(document)) as SwaggerDocument;
}

describe('the comparison with the contract', () => {
  for (const [title, place, value, differences] of breaches) {
    it(`reports ${title}`, () => {
      assert.deepEqual(contractDifferences(readContract(), edited({ [place]: value })), [differences].flat());
    });
  }
  for (const [title, edits] of additions) {
    it(`lets pass ${title}`, () => {
      assert.deepEqual(contractDifferences(readContract(), edited(edits)), []);
    });
  }
});
