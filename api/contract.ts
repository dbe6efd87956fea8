import type { ErrorCode } from './errors.ts';

/** Returns an error response with `example` as the message. */
const failure = (description: string, example: string, headers: Record<string, object> = {}) => ({
  description,
  schema: { $ref: '#/definitions/Failure' },
  ...(Object.keys(headers).length > 0 && { headers }),
  examples: { 'application/json': { message: example } },
});

const retryAfter = { 'Retry-After': { type: 'integer', description: 'seconds to wait before a retry' } };

/** The Markdown at the top of /docs, which describes the rules for all requests. */
const description = `List, attach and detach the EC2 instances of Classic Load Balancers.

- Every JSON response is \`{"message": X}\`. On failure, X is one sentence with the problem and what to do.
- The header \`Error-Code\` of a failure, and \`code\` of a refused outcome in a 207, identify the failure. Match these;
  sentences may change.
- Credentials are the user and password of a token in \`API_TOKEN\`, sent as \`Authorization: Basic <token>\`. Without
  them, every path except \`/healthcheck\`, \`/docs\` and \`/swagger.yaml\` returns 401; with them, an unknown path returns 404.
- After ten requests with wrong credentials from an address within a minute, other credentials from that address get 429,
  unless the service accepted them before.
- \`HEAD\` works on every path with \`GET\`. Other methods that a path does not support return 405.
- With \`REDIRECT_HTTP=on\`, a request that reached the load balancer over http gets 308 and its URL with https, except
  \`/healthcheck\`.
- Node.js itself rejects invalid HTTP (400), slow requests (408) and header fields larger than 16 KiB (431), without a body, and closes
  the connection.
- Bodies of up to 16 KiB are parsed as JSON, regardless of the Content-Type.
- If \`If-Match\` contains the \`ETag\` of a list, a change is made only if the list has not changed; otherwise, the response is 412.
  Changes with other conditions return 400.
- An unknown query parameter returns 400, except on paths that require no credentials.
- An instance id consists of \`i-\` and 8 or 17 lower-case hex digits.
- A load balancer name consists of 1 to 32 letters, digits or hyphens, and does not start or end with a hyphen. Any other name
  returns 404.
- \`launchDate\` is in RFC 3339 format, in UTC with milliseconds. A member that EC2 no longer describes stays in the list, with
  \`"unknown"\` as its \`instanceType\` and \`launchDate\`, and can be detached.
- DELETE detaches an instance even if it is the only member in service. For load balancers that the setting
  \`PROTECT_LAST_IN_SERVICE\` includes, it returns 409 instead, unless the request has \`force=true\`. A dry run returns the number of
  members that would remain in service. If the instance belongs to an Auto Scaling group that then considers it unhealthy, the group
  replaces it.
- A list can be a few seconds old; \`Age\` contains its age in seconds. With \`Cache-Control: no-cache\` in the request, the service reads
  the list from AWS.
- If AWS rejects an instance, for example because it does not exist or is in another VPC, the response is 400 and the message contains
  the reason.
- If AWS fails or does not respond during a change (502, 504), the message says whether the change may have been made and how to
  check it.
- \`X-Request-Id\` in a response identifies the request in the log. If the client sends a valid value, the service uses it.`;

/**
 * Go and Java clients from openapi-generator reject properties that the schema does not list, unless the schema allows
 * additional properties. Without this, a new property would break existing clients.
 */
const openObject = { type: 'object', additionalProperties: true };

/** An open object. All properties are required except the optional ones. */
const open = (properties: object, optional: readonly string[] = [], description?: string) => ({
  ...openObject,
  ...(description !== undefined && { description }),
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});

/**
 * A list of values that may grow. With `enum`, clients from openapi-generator would reject new values.
 * `x-extensible-enum` is an extension by Zalando (RESTful API Guidelines, rule 112).
 */
const oneOf = (description: string, values: readonly string[]) => ({
  type: 'string',
  description: `${description}: ${values.join(', ')}`,
  'x-extensible-enum': values,
  example: values[0],
});

/**
 * The envelope of a successful response. It is a named definition, because generators would otherwise generate a name
 * for its model.
 */
const answer = (message: object) => ({ type: 'object', required: ['message'], properties: { message } });
const listOf = (name: string) => ({ type: 'array', items: { $ref: `#/definitions/${name}` } });

const machineInfo = {
  type: 'object',
  required: ['instanceId', 'instanceType', 'launchDate'],
  properties: {
    instanceId: { type: 'string', example: 'i-5203422c' },
    instanceType: { type: 'string', example: 't1.micro' },
    launchDate: { type: 'string', example: '2016-08-29T09:12:33.001Z' },
  },
};

/** A property with a description and an example. */
const text = (description: string, example: string) => ({ type: 'string', description, example });
const integer = (description: string, example: number) => ({ type: 'integer', description, example });

/** The base of the Swagger 2.0 document; the paths are in `@swagger` blocks above their routes. */
export const contract = {
  swagger: '2.0',
  info: { title: 'elb-inventory', description, version: '1.0.0', license: { name: 'MIT' } },
  tags: [
    { name: 'load balancers', description: 'members of Classic Load Balancers' },
    { name: 'health', description: 'health checks and status information for operators' },
  ],
  security: [{ basicAuth: [] }],
  securityDefinitions: { basicAuth: { type: 'basic' } },
  definitions: {
    MachineInfo: machineInfo,
    // The 200, 201 and 202 responses of an operation share a schema, because generated clients parse all of them with
    // the first one.
    ChangeAnswer: answer({ $ref: '#/definitions/Change' }),
    HealthListAnswer: answer(listOf('HealthEntry')),
    HealthcheckAnswer: answer({ type: 'string', enum: ['ok'] }),
    LoadBalancerListAnswer: answer(listOf('LoadBalancer')),
    MachineListAnswer: answer(listOf('MachineInfo')),
    OutcomeListAnswer: answer(listOf('Outcome')),
    StatusAnswer: answer({ $ref: '#/definitions/Status' }),
    Change: open(
      {
        ...machineInfo.properties,
        dryRun: {
          type: 'boolean',
          description: 'true if this is the result of a dry run, which changes nothing',
          example: true,
        },
        note: text(
          'what the change would do, or additional information',
          'i-5203422c would be detached from default-elb; nothing was changed',
        ),
        drainingUntil: text(
          'the latest time at which draining of the instance ends, in RFC 3339 format and UTC',
          '2026-11-21T14:52:13.000Z',
        ),
        inServiceBefore: integer(
          'in a dry run of a detach: the number of members in service; absent if their health is unknown',
          2,
        ),
        inServiceAfter: integer(
          'in a dry run of a detach: the number of members that would remain in service',
          1,
        ),
        health: { $ref: '#/definitions/HealthEntry' },
      },
      ['dryRun', 'note', 'drainingUntil', 'inServiceBefore', 'inServiceAfter', 'health'],
      'MachineInfo with additional information',
    ),
    MachineId: {
      type: 'object',
      required: ['instanceId'],
      properties: { instanceId: { type: 'string', example: 'i-5203422c' } },
    },
    LoadBalancer: open(
      {
        elbName: { type: 'string', example: 'default-elb' },
        dnsName: { type: 'string', example: 'default-elb-1234567890.us-east-1.elb.amazonaws.com' },
        scheme: { type: 'string', example: 'internet-facing' },
        vpcId: { type: 'string', example: 'vpc-0a3f1c5e7b9d24680' },
        availabilityZones: { type: 'array', items: { type: 'string' }, example: ['us-east-1a'] },
        listeners: { type: 'array', items: { $ref: '#/definitions/Listener' } },
        healthCheck: { $ref: '#/definitions/HealthCheck' },
        instanceCount: { type: 'integer', example: 3 },
        inServiceCount: integer(
          'the number of members in service; present with health=true or if it was read in the last 10 s',
          2,
        ),
        createdDate: { type: 'string', example: '2016-08-30T10:01:44.490Z' },
      },
      ['healthCheck', 'inServiceCount'],
    ),
    Listener: open(
      {
        protocol: { type: 'string', example: 'HTTP' },
        loadBalancerPort: { type: 'integer', example: 80 },
        instanceProtocol: { type: 'string', example: 'HTTP' },
        instancePort: { type: 'integer', example: 8000 },
      },
      ['loadBalancerPort', 'instancePort'],
    ),
    HealthCheck: open(
      {
        target: { type: 'string', example: 'HTTP:8000/healthcheck' },
        intervalSeconds: { type: 'integer', example: 30 },
        timeoutSeconds: { type: 'integer', example: 5 },
        unhealthyThreshold: { type: 'integer', example: 2 },
        healthyThreshold: { type: 'integer', example: 10 },
      },
      ['intervalSeconds', 'timeoutSeconds', 'unhealthyThreshold', 'healthyThreshold'],
    ),
    HealthEntry: open({
      instanceId: { type: 'string', example: 'i-5203422c' },
      state: text('InService, OutOfService or Unknown', 'OutOfService'),
      reasonCode: text('the cause of the state: ELB, Instance or N/A', 'ELB'),
      description: text(
        'the description of the state from AWS',
        'Instance registration is still in progress.',
      ),
      condition: oneOf('the meaning of the description, for programs', [
        ...['in-service', 'registering', 'failing-checks', 'draining', 'zone-disabled', 'not-running'],
        ...['not-registered', 'unknown'],
      ]),
      availabilityZone: { type: 'string', example: 'us-east-1a' },
      instanceState: text('the state in EC2', 'running'),
      why: {
        type: 'string',
        description: 'the reason for the state and what to do',
        example:
          'its registration is in progress: 3 checks of HTTP:8000/healthcheck, one every 5 s, must pass, ' +
          'so it is in service at the earliest in 15 s',
      },
    }),
    InstanceIds: {
      type: 'object',
      required: ['instanceIds'],
      properties: {
        instanceIds: {
          type: 'array',
          minItems: 1,
          maxItems: 100,
          items: { type: 'string' },
          example: ['i-5203422c', 'i-0b22a22eec53b9321'],
        },
      },
    },
    // Swagger 2.0 has no schema for "an object or a string", and the Go client from openapi-generator fails on a string
    // in an untyped property. `message` is therefore an additional property.
    Outcome: {
      ...openObject,
      description: 'also contains `message`: MachineInfo if the instance was changed, otherwise one sentence',
      'x-further-properties': ['message'],
      required: ['instanceId', 'status'],
      properties: {
        instanceId: { type: 'string', example: 'i-5203422c' },
        status: integer('the status that a request for this instance alone would return', 201),
        code: oneOf(
          'if the change failed, the Error-Code that a request for this instance alone would return',
          [
            ...['instance_already_attached', 'instance_not_attached', 'instance_refused', 'last_in_service'],
            ...['wrong_data_format', 'aws_failed', 'aws_refused', 'aws_throttled', 'aws_unreachable'],
            ...['no_aws_credentials', 'not_tried'],
          ],
        ),
      },
    },
    Status: open({
      version: { type: 'string', example: '1.0.0' },
      commit: { type: 'string', description: 'the commit hash, or unknown' },
      startedAt: { type: 'string', example: '2026-11-21T14:47:13.000Z' },
      uptimeSeconds: { type: 'integer', example: 3600 },
      backend: oneOf('the AWS backend that the service uses', ['aws', 'embedded']),
      region: { type: 'string', example: 'us-east-1' },
      requests: open({
        inFlight: integer('requests in progress, including this one', 1),
        waiting: integer('requests that are waiting for an instance to reach a state', 0),
        answered: integer(
          'requests on the port that were authenticated or failed with 500, since startup',
          1200,
        ),
        internalErrors: integer('requests on the port that failed with 500, since startup', 0),
      }),
      picture: open(
        {
          loadBalancers: { type: 'integer', example: 3 },
          ageSeconds: { type: 'number', example: 1.2 },
        },
        ['ageSeconds'],
        'the cached state of the region; ageSeconds is absent before the first read',
      ),
      aws: open(
        {
          reachable: oneOf('whether AWS responded to the last call; unknown before the first call', [
            ...['yes', 'no', 'unknown'],
          ]),
          working: oneOf(
            'whether AWS processed the last call; no if AWS throttled or rejected it or was unreachable',
            ['yes', 'no', 'unknown'],
          ),
          lastError: { $ref: '#/definitions/CallError' },
          calls: { type: 'array', items: { $ref: '#/definitions/CallCount' } },
          budgets: { type: 'array', items: { $ref: '#/definitions/Budget' } },
        },
        ['lastError'],
      ),
    }),
    CallCount: open(
      {
        action: { type: 'string', example: 'elasticloadbalancing:DescribeLoadBalancers' },
        spent: { type: 'integer', example: 12 },
        throttled: integer('calls that AWS throttled', 0),
        failed: { type: 'integer', example: 0 },
        lastAt: { type: 'string', example: '2026-11-21T14:47:13.000Z' },
        medianMs: integer('the median duration of the last 500 calls', 45),
        p99Ms: { type: 'integer', example: 310 },
        lastOutcome: oneOf('the outcome of the last call', ['ok', 'throttled', 'failed']),
        lastError: { $ref: '#/definitions/CallError' },
      },
      ['lastAt', 'medianMs', 'p99Ms', 'lastOutcome', 'lastError'],
      'calls to one action since startup; each attempt is counted',
    ),
    CallError: open(
      {
        at: { type: 'string' },
        action: { type: 'string', example: 'elasticloadbalancing:DescribeLoadBalancers' },
        error: text('the error code from AWS or from the operating system', 'Throttling'),
        message: text(
          'the error message for callers',
          'AWS throttled the request (Throttling on elasticloadbalancing:DescribeLoadBalancers)',
        ),
      },
      [],
      'the last failed call',
    ),
    Budget: open(
      {
        name: { type: 'string', example: 'load balancer reads' },
        perSecond: integer('absent if this service does not limit the rate', 5),
        left: integer('calls that may be made immediately', 7),
        waiting: integer('waiting calls', 0),
        heldUpByUs: { $ref: '#/definitions/HeldUp' },
        heldUpByAws: { $ref: '#/definitions/HeldUp' },
      },
      ['perSecond', 'left'],
    ),
    HeldUp: open(
      { calls: { type: 'integer', example: 0 }, lastAt: { type: 'string' } },
      ['lastAt'],
      'calls that were delayed or not made, because of this budget or because AWS throttled or failed',
    ),
    Failure: {
      type: 'object',
      required: ['message'],
      properties: { message: { type: 'string', description: 'the problem and what to do about it' } },
    },
  },
  parameters: {
    elbName: {
      name: 'elbName',
      in: 'path',
      required: true,
      description: 'pass the load balancer name',
      type: 'string',
      'x-example': 'default-elb',
    },
    ifMatch: {
      in: 'header',
      name: 'If-Match',
      description:
        'the ETag from GET /elb/{elbName}, or *; if the list has changed, the change is not made and the response is 412',
      type: 'string',
    },
    timeout: {
      in: 'query',
      name: 'timeout',
      // There is no `default`, because the form at /docs would send it even without wait.
      description:
        'with wait: the maximum seconds from the arrival of the request to its response; 50 by default',
      type: 'integer',
      minimum: 1,
      maximum: 50,
    },
    dryRun: {
      in: 'query',
      name: 'dryRun',
      description: 'true: runs all checks and returns what the change would do, but changes nothing',
      type: 'boolean',
    },
    force: {
      in: 'query',
      name: 'force',
      description:
        'true: detaches the last instance in service even if PROTECT_LAST_IN_SERVICE protects it; the log contains the user',
      type: 'boolean',
    },
  },
  responses: {
    HttpsRequired: failure(
      'with REDIRECT_HTTP=on, the request reached the load balancer over HTTP',
      'this service requires https; use https',
      { Location: { type: 'string', description: 'the same URL with https' } },
    ),
    NotModified: {
      description: 'the list still matches If-None-Match; the response has no body',
      headers: {
        ETag: { type: 'string', description: 'identifies the current list' },
        Age: { type: 'integer', description: 'seconds since AWS returned the list' },
      },
    },
    Unauthenticated: failure(
      'the credentials are missing or wrong',
      'the user or the password is wrong; use curl -u user:password, or send "Authorization: Basic " and a token from API_TOKEN',
      { 'WWW-Authenticate': { type: 'string', description: 'the challenge: Basic, its realm and charset' } },
    ),
    WrongParameter: failure(
      'the request is malformed, or a query parameter is unknown or has an invalid value',
      'the query parameter limit cannot be "0"; it must be a whole number from 1 to 400',
    ),
    WrongInstanceIds: failure(
      'wrong data format',
      'wrong data format: instanceIds is missing or is not a list; send {"instanceIds": ["i-…", …]} with 1 to 100 ids',
    ),
    CrossSite: failure(
      'a browser sent the change from another site',
      'a browser sent this change from another site; send it from the pages of this service or from a program',
    ),
    ElbNotFound: failure(
      'the elb does not exist',
      'the elb does not exist: no classic load balancer is named "web" in us-east-1; check its spelling and region',
    ),
    PathNotFound: failure(
      'no resource exists at the path',
      'no resource exists at this path; the paths are /healthcheck, /swagger.yaml, /docs, /metrics, /status, /elb, /elb/{elbName}, /elb/{elbName}/health and /elb/{elbName}/instances',
    ),
    MethodNotAllowed: failure(
      'the path does not support the method',
      'PATCH is not allowed on this path; use DELETE, GET, HEAD, POST',
      { Allow: { type: 'string', description: 'the methods of the path' } },
    ),
    PayloadTooLarge: failure(
      'the body is larger than 16 KiB',
      'the body is larger than 16384 bytes; send only {"instanceId": "i-…"}',
    ),
    PreconditionFailed: failure(
      'the list of members does not match If-Match; nothing was changed',
      'the members of web have changed: their ETag does not match If-Match; nothing was changed; send GET /elb/web again to get the current ETag',
    ),
    ListNotMatched: failure(
      'the list does not match If-Match',
      'the list does not match If-Match; omit If-Match to read the current list',
    ),
    UnsupportedEncoding: failure(
      'the body has a Content-Encoding',
      'the body has Content-Encoding: gzip; send it without compression and without Content-Encoding',
      { 'Accept-Encoding': { type: 'string', description: 'identity' } },
    ),
    TooManyAttempts: failure(
      'the credentials of ten requests from this address were wrong within a minute; credentials that this process accepted before are still accepted',
      'too many requests from this address had wrong credentials; wait 42 s, then send the user and the password of a token in API_TOKEN',
      retryAfter,
    ),
    Unforeseen: failure(
      'an unexpected error; the log contains the cause',
      'an unexpected error occurred; the log contains the cause with the request id 5e1c7c1e',
    ),
    AwsRefused: failure(
      'AWS rejected the credentials or permissions of the service, or the call to AWS failed',
      "AWS refused the request (AccessDenied); the IAM policy of this service's credentials must allow " +
        'elasticloadbalancing:DescribeLoadBalancers',
    ),
    Unavailable: failure(
      'AWS throttled the request, or the service has the maximum number of requests in progress, and nothing was changed; or the service closed during a wait, and the message says what was done',
      'AWS throttled the request (Throttling on elasticloadbalancing:DescribeLoadBalancers); nothing was changed, so try again in a second',
      retryAfter,
    ),
    AwsUnreachable: failure(
      'AWS did not respond in time; for a change, the message says whether it may have been made',
      'AWS did not respond to elasticloadbalancing:DescribeLoadBalancers in time; try again in a few seconds',
      retryAfter,
    ),
  },
};

/** The response of each status, for operations whose `@swagger` block does not have another one. */
export const sharedResponses: Readonly<Record<number, { readonly $ref: string }>> = {
  308: { $ref: '#/responses/HttpsRequired' },
  400: { $ref: '#/responses/WrongParameter' },
  401: { $ref: '#/responses/Unauthenticated' },
  403: { $ref: '#/responses/CrossSite' },
  404: { $ref: '#/responses/ElbNotFound' },
  405: { $ref: '#/responses/MethodNotAllowed' },
  412: { $ref: '#/responses/PreconditionFailed' },
  413: { $ref: '#/responses/PayloadTooLarge' },
  415: { $ref: '#/responses/UnsupportedEncoding' },
  429: { $ref: '#/responses/TooManyAttempts' },
  500: { $ref: '#/responses/Unforeseen' },
  502: { $ref: '#/responses/AwsRefused' },
  503: { $ref: '#/responses/Unavailable' },
  504: { $ref: '#/responses/AwsUnreachable' },
};

/** The properties of an operation that determine how it can fail. */
export interface Operation {
  /** `get`, `post` or `delete`. */
  readonly method: string;
  /** `/elb/{elbName}` */
  readonly path: string;
  /** Whether it requires credentials. */
  readonly guarded: boolean;
}

type Which = (operation: Operation) => boolean;
const every: Which = () => true;
const guarded: Which = (operation) => operation.guarded;
const callsAws: Which = ({ path }) => path.startsWith('/elb');
const ofOneElb: Which = ({ path }) => path.startsWith('/elb/');
const change: Which = ({ method }) => method !== 'get';
/** Changes of a single instance. In changes of several instances, these failures are reported in the outcomes. */
const single: Which = ({ method, path }) => method !== 'get' && path === '/elb/{elbName}';
const attach: Which = (operation) => single(operation) && operation.method === 'post';
const detach: Which = (operation) => single(operation) && operation.method === 'delete';

/**
 * The operations that can return each code. `npm run swagger` adds the matching response and the header `Error-Code`.
 */
export const answeredBy: Readonly<Record<ErrorCode, Which>> = {
  attachment_lost: attach,
  aws_failed: callsAws,
  aws_refused: callsAws,
  aws_throttled: callsAws,
  aws_unreachable: callsAws,
  closing: single,
  cross_site_request: change,
  elb_not_found: ofOneElb,
  https_required: guarded,
  instance_already_attached: attach,
  instance_not_attached: detach,
  instance_refused: single,
  internal_error: every,
  last_in_service: detach,
  malformed_request: every,
  method_not_allowed: every,
  no_aws_credentials: callsAws,
  not_tried: attach,
  overloaded: guarded,
  payload_too_large: change,
  precondition_failed: callsAws,
  route_not_found: () => false,
  too_many_attempts: guarded,
  unauthenticated: guarded,
  unsupported_encoding: change,
  wrong_condition: change,
  wrong_data_format: change,
  wrong_parameter: guarded,
};
