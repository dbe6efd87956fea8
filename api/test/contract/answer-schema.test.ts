import assert from 'node:assert/strict';
import { assertAnswerFits } from './answer-schema.ts';

const machine = {
  instanceId: 'i-5203422c',
  instanceType: 't1.micro',
  launchDate: '2016-08-29T09:12:33.001Z',
};
const listed = { message: [machine] };
const outcome = { instanceId: 'i-5203422c', status: 409, message: 'what to do' };
const failed = { message: 'what to do' };
const code = (value: string) => ({ 'Error-Code': value });
const retry = (value: string) => ({ 'Retry-After': value });
const aged = { ETag: '"x"', Age: '1', 'Cache-Status': 'elb-inventory; hit' };
const html = { 'Content-Type': 'text/html' };

type Refused = [
  what: string,
  request: string,
  body: unknown,
  complaint: RegExp,
  headers?: Record<string, string>,
];
type Accepted = [what: string, request: string, body: unknown, headers?: Record<string, string>];

const refused: Refused[] = [
  ['a status that the operation lacks', 'GET /elb/web 409', failed, /does not have this status/],
  ['a success of an unknown path', 'GET /elbs 200', listed, /does not have this status/],
  ['a success of another method', 'PUT /elb/web 200', listed, /does not have this status/],
  ['a 405 without Allow', 'PUT /elb/web 405', failed, /Allow is missing/, code('method_not_allowed')],
  ['a 401 without its challenge', 'GET /elb/web 401', failed, /WWW-Authenticate is missing/],
  ['a failure without a code', 'GET /elb/web 404', failed, /Error-Code is missing/],
  [
    'a code that the operation lacks',
    'GET /elb/web 400',
    failed,
    /Error-Code: wrong_data_format/,
    code('wrong_data_format'),
  ],
  ['a code that is not known', 'GET /nowhere 404', failed, /Error-Code is lost/, code('lost')],
  ['a code of another status', 'GET /nowhere 404', failed, /no code of this status/, code('unauthenticated')],
  ['a Retry-After that is no number', 'GET /elb/web 503', failed, /not an integer/, retry('soon')],
  ['a missing property', 'POST /elb/web 201', { message: { instanceId: 'i-1' } }, /property 'instanceType'/],
  ['another type', 'GET /elb/web 200', { message: [{ ...machine, launchDate: 1 }] }, /must be string/, aged],
  [
    'a new property',
    'GET /elb/web 200',
    { message: [{ ...machine, vpcId: '' }] },
    /additional properties/,
    aged,
  ],
  [
    'a new property where clients may meet some',
    'POST /elb/web/instances 207',
    { message: [{ ...outcome, stack: '' }] },
    /additional properties/,
  ],
  [
    'a new value where clients may meet some',
    'POST /elb/web/instances 207',
    { message: [{ ...outcome, code: 'lost' }] },
    /allowed values/,
  ],
  ['a success without its envelope', 'GET /elb/web 200', [machine], /body must be object/, aged],
  [
    'a failure with more than words',
    'GET /elb/web 500',
    { ...failed, stack: '' },
    /additional properties/,
    code('internal_error'),
  ],
  ['another health than ok', 'GET /healthcheck 200', { message: 'up' }, /allowed values/],
  ['a body that is not JSON', 'GET /elb/web 404', undefined, /is not JSON/, code('elb_not_found')],
  ['JSON sent as HTML', 'GET /elb/web 200', listed, /not sent as JSON/, { ...aged, ...html }],
  ['a HEAD with a body', 'HEAD /elb/web 200', listed, /without a body/, aged],
  ['a 304 with a body', 'GET /elb/web 304', listed, /without a body/, aged],
  ['a list of untold age', 'GET /elb/web 200', listed, /Age is missing/, { ETag: '"x"' }],
  ['a failing page without an envelope', 'GET /docs 404', undefined, /is not JSON/, code('route_not_found')],
];

const accepted: Accepted[] = [
  ['a list', 'GET /elb/web?x=1 200', listed, aged],
  ['a list that is still the same', 'GET /elb/web 304', undefined, aged],
  ['an empty list', 'GET /elb/web/ 200', { message: [] }, aged],
  ['a change', 'DELETE /elb/web 201', { message: machine }],
  ['a batch', 'POST /elb/web/instances 207', { message: [outcome, { ...outcome, message: machine }] }],
  ['a health check', 'GET /healthcheck 200', { message: 'ok' }],
  ['a failure that operations share', 'POST /elb/web 413', failed, code('payload_too_large')],
  ['a failure of one operation', 'DELETE /elb/web?instanceId=i-1 400', failed, code('wrong_data_format')],
  ['a header that is promised', 'GET /elb/web 504', failed, { ...retry('2'), ...code('aws_unreachable') }],
  [
    'a method that the path lacks',
    'BREW /elb/web 405',
    failed,
    { Allow: 'GET', ...code('method_not_allowed') },
  ],
  ['an unknown path', 'GET /nowhere 404', failed, code('route_not_found')],
  [
    'an unknown path without credentials',
    'GET /x 401',
    failed,
    { 'WWW-Authenticate': 'Basic', ...code('unauthenticated') },
  ],
  ['a HEAD', 'HEAD /elb/web 404', undefined, code('elb_not_found')],
  ['a page about the API', 'GET /docs 200', undefined, html],
  ['a page that is switched off', 'GET /docs 404', failed, code('route_not_found')],
];

function check(request: string, body: unknown, headers: Record<string, string> = {}): void {
  const [method = '', path = '', status] = request.split(' ');
  const sent = new Headers({ 'Content-Type': 'application/json; charset=utf-8', ...headers });
  const text = body === undefined ? '' : JSON.stringify(body);
  assertAnswerFits(method, path, { status: Number(status), headers: sent, body: text });
}

describe('the check of answers against swagger.yaml', () => {
  for (const [what, request, body, message, headers] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => {
          check(request, body, headers);
        },
        { name: 'AssertionError', message },
      );
    });
  }
  for (const [what, request, body, headers] of accepted) {
    it(`accepts ${what}`, () => {
      check(request, body, headers);
    });
  }
});
