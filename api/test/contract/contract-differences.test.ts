import assert from 'node:assert/strict';
import { contractDifferences } from './contract-differences.ts';
import { readContract, readSwagger, type SwaggerDocument } from './swagger.ts';

const machineInfo = { $ref: '#/definitions/MachineInfo' };
const answer = { type: 'object', required: ['message'], properties: { message: machineInfo } };
const gone = { description: 'the elb does not exist' };
const responses = { 200: { description: 'new' } };

/** Changes of the document (a path of keys separated by spaces, and the new value) and the expected differences. */
const breakingChanges: [title: string, place: string, value: unknown, differences: string | string[]][] = [
  ['a dropped path', 'paths /healthcheck', undefined, '/healthcheck is dropped'],
  ['a dropped method', 'elb delete', undefined, 'DELETE /elb/{elbName} is dropped'],
  ['a changed operationId', 'elb post operationId', 'attach', 'POST /elb/{elbName}: operationId is changed'],
  ['a changed description', 'elb get description', 'List', 'GET /elb/{elbName}: description is changed'],
  [
    'required credentials on a public operation',
    'health get security',
    undefined,
    'GET /healthcheck: security is changed',
  ],
  [
    'a public operation that required credentials',
    'elb get security',
    [],
    'GET /elb/{elbName}: security is changed',
  ],
  ['a changed security definition', 'securityDefinitions', {}, 'securityDefinitions is changed'],
  ['a missing Swagger version', 'swagger', undefined, 'swagger is dropped'],
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
    'a parameter that becomes required',
    'elb delete parameters 0 required',
    true,
    'DELETE /elb/{elbName}: parameter body machineId is changed',
  ],
  [
    'a new required parameter',
    'elb delete parameters 1 required',
    true,
    'DELETE /elb/{elbName}: parameter query instanceId is new and required',
  ],
  ['a dropped status', 'elb post responses 409', undefined, 'POST /elb/{elbName} 409 is dropped'],
  [
    'a status with a changed description',
    'elb get responses 404 description',
    'gone',
    'GET /elb/{elbName} 404: description is changed',
  ],
  [
    'a success response without an envelope',
    'elb post responses 201 schema',
    machineInfo,
    'POST /elb/{elbName} 201: the schema is not {message: …}',
  ],
  [
    'a success response without a schema',
    'elb delete responses 201 schema',
    undefined,
    'DELETE /elb/{elbName} 201: the schema is not {message: …}',
  ],
  [
    'an envelope with a second property',
    'definitions MachineListAnswer properties count',
    { type: 'integer' },
    'GET /elb/{elbName} 200: the schema is not {message: …}',
  ],
  [
    'an envelope without a required message',
    'definitions HealthcheckAnswer required',
    undefined,
    'GET /healthcheck 200: the schema is not {message: …}',
  ],
  [
    'a dropped property in the envelope',
    'definitions Change properties launchDate',
    undefined,
    [
      'POST /elb/{elbName} 201: the schema in the envelope is changed',
      'DELETE /elb/{elbName} 201: the schema in the envelope is changed',
    ],
  ],
  [
    'a new required property in the envelope',
    'definitions Change required 3',
    'dryRun',
    [
      'POST /elb/{elbName} 201: the schema in the envelope is changed',
      'DELETE /elb/{elbName} 201: the schema in the envelope is changed',
    ],
  ],
  [
    'a changed schema in the envelope',
    'definitions MachineListAnswer properties message items',
    { type: 'string' },
    'GET /elb/{elbName} 200: the schema in the envelope is changed',
  ],
];

const additions: [title: string, edits: Record<string, unknown>][] = [
  ['a changed title', { 'info title': 'other' }],
  ['a new path', { 'paths /new': { get: { responses } } }],
  ['a new method', { 'elb put': { responses } }],
  ['a new status', { 'elb get responses 418': { description: 'a teapot' } }],
  ['a new optional parameter', { 'elb get parameters': [{ in: 'query', name: 'page', type: 'string' }] }],
  ['a new parameter example', { 'elb parameters 0 x-example': 'web' }],
  ['a new optional property in the envelope', { 'definitions Change properties more': { type: 'string' } }],
  ['a new definition', { 'definitions New': { type: 'object' } }],
  [
    'a response moved to the shared responses',
    { 'responses Gone': gone, 'elb get responses 404': { $ref: '#/responses/Gone' } },
  ],
  [
    'an envelope moved to the definitions',
    { 'definitions Answer': answer, 'elb post responses 201 schema': { $ref: '#/definitions/Answer' } },
  ],
];

const abbreviations: Record<string, string> = { elb: 'paths /elb/{elbName}', health: 'paths /healthcheck' };

/** Returns swagger.yaml with the value set at each path of keys. The value undefined removes the key. */
function edited(edits: Record<string, unknown>): SwaggerDocument {
  const document = readSwagger();
  for (const [place, value] of Object.entries(edits)) {
    const keys = place.replace(/^\w+/, (first) => abbreviations[first] ?? first).split(' ');
    const last = keys.pop() ?? '';
    const target = keys.reduce<Record<string, unknown>>(
      (at, key) => at[key] as Record<string, unknown>,
      document,
    );
    target[last] = value;
  }
  return JSON.parse(JSON.stringify(document)) as SwaggerDocument;
}

describe('contractDifferences', () => {
  for (const [title, place, value, differences] of breakingChanges) {
    it(`reports ${title}`, () => {
      assert.deepEqual(contractDifferences(readContract(), edited({ [place]: value })), [differences].flat());
    });
  }
  for (const [title, edits] of additions) {
    it(`ignores ${title}`, () => {
      assert.deepEqual(contractDifferences(readContract(), edited(edits)), []);
    });
  }
});
