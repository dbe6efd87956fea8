import assert from 'node:assert/strict';
import { assertAnswerFits } from './answer-schema.ts';

const instance = {
  instanceId: 'i-5203422c',
  instanceType: 't1.micro',
  launchDate: '2016-08-29T09:12:33.001Z',
};
const list = { message: [instance] };
const outcome = { instanceId: 'i-5203422c', status: 409, message: 'the advice' };
const failure = { message: 'the advice' };
const code = (value: string) => ({ 'Error-Code': value });
const retry = (value: string) => ({ 'Retry-After': value });
const cacheHeaders = { ETag: '"x"', Age: '1', 'Cache-Status': 'elb-inventory; hit' };
const html = { 'Content-Type': 'text/html' };

type Refused = [
  what: string,
  request: string,
  body: unknown,
  message: RegExp,
  headers?: Record<string, string>,
];
type Accepted = [what: string, request: string, body: unknown, headers?: Record<string, string>];

const refused: Refused[] = [
  ['an undeclared status', 'GET /elb/web 409', failure, /does not have this status/],
  ['a success status of an unknown path', 'GET /elbs 200', list, /does not have this status/],
  ['a success status of an undeclared method', 'PUT /elb/web 200', list, /does not have this status/],
  ['a 405 without Allow', 'PUT /elb/web 405', failure, /Allow is missing/, code('method_not_allowed')],
  ['a 401 without WWW-Authenticate', 'GET /elb/web 401', failure, /WWW-Authenticate is missing/],
  ['an error without Error-Code', 'GET /elb/web 404', failure, /Error-Code is missing/],
  [
    'an undeclared error code',
    'GET /elb/web 400',
    failure,
    /Error-Code: wrong_data_format/,
    code('wrong_data_format'),
  ],
  ['an unknown error code', 'GET /nowhere 404', failure, /Error-Code is lost/, code('lost')],
  [
    'an error code of another status',
    'GET /nowhere 404',
    failure,
    /not a code of this status/,
    code('unauthenticated'),
  ],
  ['a Retry-After that is not an integer', 'GET /elb/web 503', failure, /not an integer/, retry('soon')],
  ['a missing property', 'POST /elb/web 201', { message: { instanceId: 'i-1' } }, /property 'instanceType'/],
  [
    'a property of another type',
    'GET /elb/web 200',
    { message: [{ ...instance, launchDate: 1 }] },
    /must be string/,
    cacheHeaders,
  ],
  [
    'an undeclared property',
    'GET /elb/web 200',
    { message: [{ ...instance, vpcId: '' }] },
    /additional properties/,
    cacheHeaders,
  ],
  [
    'an undeclared property in an extensible schema',
    'POST /elb/web/instances 207',
    { message: [{ ...outcome, stack: '' }] },
    /additional properties/,
  ],
  [
    'an undeclared value of an extensible enum',
    'POST /elb/web/instances 207',
    { message: [{ ...outcome, code: 'lost' }] },
    /allowed values/,
  ],
  [
    'a success response without an envelope',
    'GET /elb/web 200',
    [instance],
    /body must be object/,
    cacheHeaders,
  ],
  [
    'an undeclared property in an error',
    'GET /elb/web 500',
    { ...failure, stack: '' },
    /additional properties/,
    code('internal_error'),
  ],
  ['a health check other than ok', 'GET /healthcheck 200', { message: 'up' }, /allowed values/],
  ['a body that is not JSON', 'GET /elb/web 404', undefined, /is not JSON/, code('elb_not_found')],
  [
    'JSON with the content type of HTML',
    'GET /elb/web 200',
    list,
    /not sent as JSON/,
    { ...cacheHeaders, ...html },
  ],
  ['a response to HEAD with a body', 'HEAD /elb/web 200', list, /without a body/, cacheHeaders],
  ['a 304 with a body', 'GET /elb/web 304', list, /without a body/, cacheHeaders],
  ['a list without Age', 'GET /elb/web 200', list, /Age is missing/, { ETag: '"x"' }],
  [
    'a documentation page with an error but no envelope',
    'GET /docs 404',
    undefined,
    /is not JSON/,
    code('route_not_found'),
  ],
];

const accepted: Accepted[] = [
  ['a list', 'GET /elb/web?x=1 200', list, cacheHeaders],
  ['a 304 for a list', 'GET /elb/web 304', undefined, cacheHeaders],
  ['an empty list', 'GET /elb/web/ 200', { message: [] }, cacheHeaders],
  ['a change', 'DELETE /elb/web 201', { message: instance }],
  ['a batch', 'POST /elb/web/instances 207', { message: [outcome, { ...outcome, message: instance }] }],
  ['a health check', 'GET /healthcheck 200', { message: 'ok' }],
  ['an error shared by several operations', 'POST /elb/web 413', failure, code('payload_too_large')],
  ['an error of one operation', 'DELETE /elb/web?instanceId=i-1 400', failure, code('wrong_data_format')],
  ['a declared header', 'GET /elb/web 504', failure, { ...retry('2'), ...code('aws_unreachable') }],
  [
    'an error for an undeclared method',
    'BREW /elb/web 405',
    failure,
    { Allow: 'GET', ...code('method_not_allowed') },
  ],
  ['an error for an unknown path', 'GET /nowhere 404', failure, code('route_not_found')],
  [
    'an error for an unknown path without credentials',
    'GET /x 401',
    failure,
    { 'WWW-Authenticate': 'Basic', ...code('unauthenticated') },
  ],
  ['a response to HEAD', 'HEAD /elb/web 404', undefined, code('elb_not_found')],
  ['a documentation page', 'GET /docs 200', undefined, html],
  ['a disabled documentation page', 'GET /docs 404', failure, code('route_not_found')],
];

function check(request: string, body: unknown, headers: Record<string, string> = {}): void {
  const [method = '', path = '', status] = request.split(' ');
  const sent = new Headers({ 'Content-Type': 'application/json; charset=utf-8', ...headers });
  const text = body === undefined ? '' : JSON.stringify(body);
  assertAnswerFits(method, path, { status: Number(status), headers: sent, body: text });
}

describe('assertAnswerFits', () => {
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
