import type { ErrorCode } from './errors.ts';

/** `{"message": X}` where X is a sentence that tells the caller what to do, as the example does. */
const failure = (description: string, example: string, headers: Record<string, object> = {}) => ({
  description,
  schema: { $ref: '#/definitions/Failure' },
  ...(Object.keys(headers).length > 0 && { headers }),
  examples: { 'application/json': { message: example } },
});

const retryAfter = { 'Retry-After': { type: 'integer', description: 'seconds to wait before the next try' } };

/** Shown at /docs as Markdown: what holds for every request and what no single answer can tell. */
const description = `List, attach and detach the EC2 instances of classic Elastic Load Balancers.

- Every JSON answer is \`{"message": X}\`: what was asked for or, on failure, one sentence that tells what to do.
- The header \`Error-Code\` of a failure, and \`code\` of a refused outcome in a 207, name the failure. Match these, since
  sentences may change.
- Credentials are the user and password of a token of \`API_TOKEN\`, sent as \`Authorization: Basic <token>\`.
  Without them every path but \`/healthcheck\`, \`/docs\` and \`/swagger.yaml\` answers 401; with them an unknown path
  answers 404.
- \`HEAD\` works wherever \`GET\` does, and a method that a path lacks answers 405.
- Node.js answers bytes that are no HTTP request (400), a request that arrives too slowly (408) and header fields above
  16 KiB (431) without a body, and closes the connection.
- Bodies are read as JSON whatever the Content-Type, up to 16 KiB.
- \`If-Match\` with the \`ETag\` of a list makes a change of that load balancer only while the list is the same (412);
  other conditions on changes answer 400.
- A query parameter that an operation does not take answers 400, except for those that need no credentials.
- An instance id is \`i-\` and 8 or 17 lower-case hex digits.
- The name of a load balancer has 1 to 32 letters, digits and inner hyphens; any other name answers 404.
- \`launchDate\` is RFC 3339 in UTC with milliseconds. A member that EC2 no longer describes stays in the list, its
  \`instanceType\` and \`launchDate\` \`"unknown"\`, and can be detached.
- DELETE takes out even the only member in service, unless \`PROTECT_LAST_IN_SERVICE\` is set: then it answers 409, and
  \`force=true\` overrides that. A dry run says how many members would remain in service. An autoscaling group replaces
  a host that is detached from its load balancer, once it counts the host as unhealthy.
- A list may be a few seconds old: \`Age\` tells its seconds, and \`Cache-Control: no-cache\` in the request has AWS asked.
- An instance that AWS refuses, for being unknown or in another VPC, answers 400 with AWS's reason.
- Where AWS fails or does not answer during a change (502, 504), the message says whether the change may have been
  made, and how to check.
- \`X-Request-Id\` of an answer finds the request in the log; one that the caller sends is kept.`;

/**
 * Clients that openapi-generator makes for Go and Java refuse a property that its schema does not list, unless the
 * schema allows more: without this, each property that is added to an answer breaks the clients made before.
 */
const openObject = { type: 'object', additionalProperties: true };

/**
 * One of these values today. With an `enum`, clients made by openapi-generator would refuse a value that is added later;
 * `x-extensible-enum` is Zalando's extension for such a list (its RESTful API Guidelines, rule 112).
 */
const oneOf = (description: string, values: readonly string[]) => ({
  type: 'string',
  description: `${description}: ${values.join(', ')}`,
  'x-extensible-enum': values,
  example: values[0],
});

/** The envelope of a success. Each has a name: generators make a model of it, and name it themselves otherwise. */
const answer = (message: object) => ({ type: 'object', required: ['message'], properties: { message } });
const listOf = (name: string) => ({ type: 'array', items: { $ref: `#/definitions/${name}` } });

/** As the contract of the service has it. */
const machineInfo = {
  type: 'object',
  required: ['instanceId', 'instanceType', 'launchDate'],
  properties: {
    instanceId: { type: 'string', example: 'i-5203422c' },
    instanceType: { type: 'string', example: 't1.micro' },
    launchDate: { type: 'string', example: '2016-08-29T09:12:33.001Z' },
  },
};

/** The base of the Swagger 2.0 document; the paths stand in `@swagger` blocks above their routes. */
export const contract = {
  swagger: '2.0',
  info: { title: 'elb-inventory', description, version: '1.0.0', license: { name: 'MIT' } },
  tags: [
    { name: 'load balancers', description: 'who is a member of which classic load balancer' },
    { name: 'health', description: 'for the health checks of a load balancer in front, and for operators' },
  ],
  security: [{ basicAuth: [] }],
  securityDefinitions: { basicAuth: { type: 'basic' } },
  definitions: {
    MachineInfo: machineInfo,
    // The same for the 200, 201 and 202 of an operation: generated clients read each of them by the first schema.
    ChangeAnswer: answer({ $ref: '#/definitions/Change' }),
    HealthListAnswer: answer(listOf('HealthEntry')),
    HealthcheckAnswer: answer({ type: 'string', enum: ['ok'] }),
    LoadBalancerListAnswer: answer(listOf('LoadBalancer')),
    MachineListAnswer: answer(listOf('MachineInfo')),
    OutcomeListAnswer: answer(listOf('Outcome')),
    StatusAnswer: answer({ $ref: '#/definitions/Status' }),
    Change: {
      ...openObject,
      description: 'MachineInfo, and what there is to add to it',
      required: [...machineInfo.required],
      properties: {
        ...machineInfo.properties,
        dryRun: { type: 'boolean', description: 'true in a dry run, which changes nothing', example: true },
        note: {
          type: 'string',
          description: 'what would be done, or what else there is to know',
          example: 'i-5203422c would be detached from default-elb; nothing was changed',
        },
        drainingUntil: {
          type: 'string',
          description: 'until when at most AWS drains the connections of the instance, RFC 3339 in UTC',
          example: '2026-11-21T14:52:13.000Z',
        },
        inServiceBefore: {
          type: 'integer',
          description:
            'in the dry run of a detach: members in service now; absent if their health is unknown',
          example: 2,
        },
        inServiceAfter: {
          type: 'integer',
          description: 'in the dry run of a detach: members that would remain in service',
          example: 1,
        },
        health: { $ref: '#/definitions/HealthEntry' },
      },
    },
    MachineId: {
      type: 'object',
      required: ['instanceId'],
      properties: { instanceId: { type: 'string', example: 'i-5203422c' } },
    },
    LoadBalancer: {
      ...openObject,
      required: [
        ...['elbName', 'dnsName', 'scheme', 'vpcId', 'availabilityZones', 'listeners', 'instanceCount'],
        'createdDate',
      ],
      properties: {
        elbName: { type: 'string', example: 'default-elb' },
        dnsName: { type: 'string', example: 'default-elb-1234567890.us-east-1.elb.amazonaws.com' },
        scheme: { type: 'string', example: 'internet-facing' },
        vpcId: { type: 'string', example: 'vpc-0a3f1c5e7b9d24680' },
        availabilityZones: { type: 'array', items: { type: 'string' }, example: ['us-east-1a'] },
        listeners: { type: 'array', items: { $ref: '#/definitions/Listener' } },
        healthCheck: { $ref: '#/definitions/HealthCheck' },
        instanceCount: { type: 'integer', example: 3 },
        inServiceCount: {
          type: 'integer',
          description: 'members in service, where that is known from the last 10 s or health=true reads it',
          example: 2,
        },
        createdDate: { type: 'string', example: '2016-08-30T10:01:44.490Z' },
      },
    },
    Listener: {
      ...openObject,
      required: ['protocol', 'instanceProtocol'],
      properties: {
        protocol: { type: 'string', example: 'HTTP' },
        loadBalancerPort: { type: 'integer', example: 80 },
        instanceProtocol: { type: 'string', example: 'HTTP' },
        instancePort: { type: 'integer', example: 8000 },
      },
    },
    HealthCheck: {
      ...openObject,
      required: ['target'],
      properties: {
        target: { type: 'string', example: 'HTTP:8000/healthcheck' },
        intervalSeconds: { type: 'integer', example: 30 },
        timeoutSeconds: { type: 'integer', example: 5 },
        unhealthyThreshold: { type: 'integer', example: 2 },
        healthyThreshold: { type: 'integer', example: 10 },
      },
    },
    HealthEntry: {
      ...openObject,
      required: [
        ...['instanceId', 'state', 'reasonCode', 'description', 'condition'],
        ...['availabilityZone', 'instanceState', 'why'],
      ],
      properties: {
        instanceId: { type: 'string', example: 'i-5203422c' },
        state: { type: 'string', description: 'InService, OutOfService or Unknown', example: 'OutOfService' },
        reasonCode: {
          type: 'string',
          description: 'ELB, Instance or N/A: whose fault it is',
          example: 'ELB',
        },
        description: {
          type: 'string',
          description: "AWS's words",
          example: 'Instance registration is still in progress.',
        },
        condition: oneOf("what AWS's description means, for programs to match", [
          ...['in-service', 'registering', 'failing-checks', 'draining', 'zone-disabled', 'not-running'],
          ...['not-registered', 'unknown'],
        ]),
        availabilityZone: { type: 'string', example: 'us-east-1a' },
        instanceState: { type: 'string', description: 'as EC2 tells it', example: 'running' },
        why: {
          type: 'string',
          description: 'why it is so, and what to do',
          example:
            'its registration is in progress: 3 checks of HTTP:8000/healthcheck, one every 5 s, must pass, ' +
            'so it is in service at the earliest in 15 s',
        },
      },
    },
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
    // Swagger 2.0 has no schema for "an object or a string", and openapi-generator makes a map of a property without a
    // type, so that its Go client fails on a string: the message is one of the further properties that clients read.
    Outcome: {
      ...openObject,
      description: 'has a `message`, too: MachineInfo where the instance was changed, else one sentence',
      'x-further-properties': ['message'],
      required: ['instanceId', 'status'],
      properties: {
        instanceId: { type: 'string', example: 'i-5203422c' },
        status: {
          type: 'integer',
          description: 'what a request for this one would be answered',
          example: 201,
        },
        code: oneOf('where it was refused, the Error-Code that a request for this one would have', [
          ...['instance_already_attached', 'instance_not_attached', 'instance_refused', 'last_in_service'],
          ...['wrong_data_format', 'aws_failed', 'aws_refused', 'aws_throttled', 'aws_unreachable'],
          ...['no_aws_credentials', 'not_tried'],
        ]),
      },
    },
    Status: {
      ...openObject,
      required: [
        'version',
        'commit',
        'startedAt',
        'uptimeSeconds',
        'backend',
        'region',
        'requests',
        'picture',
        'aws',
      ],
      properties: {
        version: { type: 'string', example: '1.0.0' },
        commit: { type: 'string', description: 'its hash, or unknown' },
        startedAt: { type: 'string', example: '2026-11-21T14:47:13.000Z' },
        uptimeSeconds: { type: 'integer', example: 3600 },
        backend: oneOf('what the service asks', ['aws', 'embedded']),
        region: { type: 'string', example: 'us-east-1' },
        requests: {
          ...openObject,
          required: ['inFlight', 'waiting'],
          properties: {
            inFlight: { type: 'integer', description: 'being answered, this one included', example: 1 },
            waiting: { type: 'integer', description: 'of them, those that wait for a state', example: 0 },
          },
        },
        picture: {
          ...openObject,
          description: 'what is known of the region; without ageSeconds it has not been read yet',
          required: ['loadBalancers'],
          properties: {
            loadBalancers: { type: 'integer', example: 3 },
            ageSeconds: { type: 'number', example: 1.2 },
          },
        },
        aws: {
          ...openObject,
          required: ['reachable', 'working', 'calls', 'budgets'],
          properties: {
            reachable: oneOf('whether AWS answered the last call, unknown before the first', [
              ...['yes', 'no', 'unknown'],
            ]),
            working: oneOf(
              'whether AWS did what the last call asked; no where it throttled or refused this service, or was not reached',
              ['yes', 'no', 'unknown'],
            ),
            lastError: { $ref: '#/definitions/CallError' },
            calls: { type: 'array', items: { $ref: '#/definitions/CallCount' } },
            budgets: { type: 'array', items: { $ref: '#/definitions/Budget' } },
          },
        },
      },
    },
    CallCount: {
      ...openObject,
      description: 'calls of one action since the start; each attempt counts',
      required: ['action', 'spent', 'throttled', 'failed'],
      properties: {
        action: { type: 'string', example: 'elasticloadbalancing:DescribeLoadBalancers' },
        spent: { type: 'integer', example: 12 },
        throttled: { type: 'integer', description: 'by AWS', example: 0 },
        failed: { type: 'integer', example: 0 },
        lastAt: { type: 'string', example: '2026-11-21T14:47:13.000Z' },
        medianMs: { type: 'integer', description: 'of the last 500, as p99Ms', example: 45 },
        p99Ms: { type: 'integer', example: 310 },
        lastOutcome: oneOf('how the last one ended', ['ok', 'throttled', 'failed']),
        lastError: { $ref: '#/definitions/CallError' },
      },
    },
    CallError: {
      ...openObject,
      description: 'the last call of AWS that failed',
      required: ['at', 'action', 'error', 'message'],
      properties: {
        at: { type: 'string' },
        action: { type: 'string', example: 'elasticloadbalancing:DescribeLoadBalancers' },
        error: { type: 'string', description: "AWS's code, or the system's", example: 'Throttling' },
        message: {
          type: 'string',
          description: 'the sentence that callers read about it',
          example: 'AWS throttled the request (Throttling on elasticloadbalancing:DescribeLoadBalancers)',
        },
      },
    },
    Budget: {
      ...openObject,
      required: ['name', 'waiting', 'heldUpByUs', 'heldUpByAws'],
      properties: {
        name: { type: 'string', example: 'load balancer reads' },
        perSecond: { type: 'integer', description: 'missing where there is no limit of ours', example: 5 },
        left: { type: 'integer', description: 'calls that may be made at once', example: 7 },
        waiting: { type: 'integer', description: 'calls that wait for their turn', example: 0 },
        heldUpByUs: { $ref: '#/definitions/HeldUp' },
        heldUpByAws: { $ref: '#/definitions/HeldUp' },
      },
    },
    HeldUp: {
      ...openObject,
      description:
        'calls that had to wait or were not made: for our own budget, or after AWS throttled or failed',
      required: ['calls'],
      properties: { calls: { type: 'integer', example: 0 }, lastAt: { type: 'string' } },
    },
    Failure: {
      type: 'object',
      required: ['message'],
      properties: { message: { type: 'string', description: 'what is wrong and what to do' } },
    },
  },
  parameters: {
    ifMatch: {
      in: 'header',
      name: 'If-Match',
      description:
        'the ETag of GET /elb/{elbName}: the change is made only while that is the list (412); or *',
      type: 'string',
    },
    timeout: {
      in: 'query',
      name: 'timeout',
      // No `default`: the form of /docs would send it with every change, also without wait.
      description:
        'with wait: seconds from the arrival of the request until it is answered in any case; else 50',
      type: 'integer',
      minimum: 1,
      maximum: 50,
    },
    dryRun: {
      in: 'query',
      name: 'dryRun',
      description: 'true makes every check, says what would be done, and changes nothing',
      type: 'boolean',
    },
    force: {
      in: 'query',
      name: 'force',
      description:
        'true detaches even the last instance in service where PROTECT_LAST_IN_SERVICE is set; the log names who did',
      type: 'boolean',
    },
  },
  responses: {
    NotModified: {
      description: 'the list is still the one of If-None-Match; there is no body',
      headers: {
        ETag: { type: 'string', description: 'the name of the list as it is' },
        Age: { type: 'integer', description: 'seconds since AWS told of it' },
      },
    },
    Unauthenticated: failure(
      'the credentials are missing or wrong',
      'the user or the password is wrong; use curl -u user:password, or send "Authorization: Basic " and a token from API_TOKEN',
      { 'WWW-Authenticate': { type: 'string', description: 'the challenge: Basic, its realm and charset' } },
    ),
    WrongParameter: failure(
      'the request is malformed, or a query parameter is not known or has a value that it does not take',
      'the query parameter limit cannot be "0"; it must be a whole number from 1 to 400',
    ),
    WrongInstanceIds: failure(
      'wrong data format',
      'wrong data format: instanceIds is missing or is not a list; send {"instanceIds": ["i-…", …]} with 1 to 100 ids',
    ),
    CrossSite: failure(
      'a browser sent the change from the pages of another site',
      'a browser sent this change from another site; send it from the pages of this service or from a program',
    ),
    ElbNotFound: failure(
      'the elb does not exist',
      'the elb does not exist: no classic load balancer is named "web" in us-east-1; check its spelling and region',
    ),
    PathNotFound: failure(
      'no resource exists at the path',
      'no resource exists at this path; the paths are described at /docs',
    ),
    MethodNotAllowed: failure(
      'the path was asked with a method that it lacks',
      'PATCH is not allowed on this path; use DELETE, GET, HEAD, POST',
      { Allow: { type: 'string', description: 'the methods that it has' } },
    ),
    PayloadTooLarge: failure(
      'the body is larger than 16 KiB',
      'the body is larger than 16384 bytes; send {"instanceId": "i-…"} alone',
    ),
    PreconditionFailed: failure(
      'the list of members does not match If-Match; nothing was changed',
      'the members of web are not those of If-Match; nothing was changed, so read GET /elb/web and its ETag again',
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
    Unforeseen: failure(
      'an unexpected error; the log has the cause',
      'an unexpected error occurred; the log has the cause under the request id 5e1c7c1e',
    ),
    AwsRefused: failure(
      'AWS refuses the credentials or permissions of the service, or failed itself',
      "AWS refused the request (AccessDenied); the IAM policy of this service's credentials must allow " +
        'elasticloadbalancing:DescribeLoadBalancers',
    ),
    AwsThrottled: failure(
      'AWS is asked too often, and nothing was changed; or, after a wait, the service is closing, and the message says what was done',
      'AWS throttled the request (Throttling on elasticloadbalancing:DescribeLoadBalancers); nothing was changed, so try again in a second',
      retryAfter,
    ),
    AwsUnreachable: failure(
      'AWS did not answer in time; to a change, the message says whether it may have been made',
      'AWS did not answer elasticloadbalancing:DescribeLoadBalancers in time; try again in a few seconds',
      retryAfter,
    ),
  },
};

/** What every operation can answer; its `@swagger` block may describe a status in its own words. */
export const everywhere = {
  400: { $ref: '#/responses/WrongParameter' },
  405: { $ref: '#/responses/MethodNotAllowed' },
  500: { $ref: '#/responses/Unforeseen' },
};

/** An operation of the document, as far as it decides which failures it can answer. */
export interface Operation {
  /** `get`, `post` or `delete`. */
  readonly method: string;
  /** `/elb/{elbName}` */
  readonly path: string;
  /** Whether it needs credentials. */
  readonly guarded: boolean;
}

type Which = (operation: Operation) => boolean;
const every: Which = () => true;
const guarded: Which = (operation) => operation.guarded;
const asksAws: Which = ({ path }) => path.startsWith('/elb');
const ofOneElb: Which = ({ path }) => path.startsWith('/elb/');
const change: Which = ({ method }) => method !== 'get';
/** Changes of one instance; those of many have these failures in their outcomes. */
const single: Which = ({ method, path }) => method !== 'get' && path === '/elb/{elbName}';
const attach: Which = (operation) => single(operation) && operation.method === 'post';
const detach: Which = (operation) => single(operation) && operation.method === 'delete';

/** Which operations answer each code. `npm run swagger` writes it to the header `Error-Code` of their responses. */
export const answeredBy: Readonly<Record<ErrorCode, Which>> = {
  attachment_lost: attach,
  aws_failed: asksAws,
  aws_refused: asksAws,
  aws_throttled: asksAws,
  aws_unreachable: asksAws,
  closing: single,
  cross_site_request: change,
  elb_not_found: ofOneElb,
  instance_already_attached: attach,
  instance_not_attached: detach,
  instance_refused: single,
  internal_error: every,
  last_in_service: detach,
  malformed_request: every,
  method_not_allowed: every,
  no_aws_credentials: asksAws,
  not_tried: attach,
  payload_too_large: change,
  precondition_failed: asksAws,
  route_not_found: () => false,
  unauthenticated: guarded,
  unsupported_encoding: change,
  wrong_condition: change,
  wrong_data_format: change,
  wrong_parameter: guarded,
};
