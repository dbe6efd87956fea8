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
- Credentials are the user and password of a token of \`API_TOKEN\`, sent as \`Authorization: Basic <token>\`.
  Without them every path but \`/healthcheck\`, \`/docs\` and \`/swagger.yaml\` answers 401; with them an unknown path
  answers 404.
- \`HEAD\` works wherever \`GET\` does, and a method that a path lacks answers 405.
- Bodies are read as JSON whatever the Content-Type, up to 16 KiB.
- An instance id is \`i-\` and 8 or 17 lower-case hex digits.
- The name of a load balancer has 1 to 32 letters, digits and inner hyphens; any other name answers 404.
- \`launchDate\` is RFC 3339 in UTC with milliseconds. A member that EC2 no longer describes stays in the list, its
  \`instanceType\` and \`launchDate\` \`"unknown"\`, and can be detached.
- A list may be a few seconds old: \`Age\` tells its seconds, and \`Cache-Control: no-cache\` in the request has AWS asked.
- An instance that AWS refuses, for being unknown or in another VPC, answers 400 with AWS's reason.
- Where AWS fails or does not answer during a change (502, 504), the message says whether the change may have been
  made, and how to check.
- \`X-Request-Id\` of an answer finds the request in the log; one that the caller sends is kept.`;

/** The base of the Swagger 2.0 document; the paths stand in `@swagger` blocks above their routes. */
export const contract = {
  swagger: '2.0',
  info: { title: 'elb-inventory', description, version: '1.0.0', license: { name: 'MIT' } },
  tags: [
    { name: 'load balancers', description: 'who is a member of which classic load balancer' },
    { name: 'health', description: 'for the health checks of a load balancer in front' },
  ],
  security: [{ basicAuth: [] }],
  securityDefinitions: { basicAuth: { type: 'basic' } },
  definitions: {
    MachineInfo: {
      type: 'object',
      required: ['instanceId', 'instanceType', 'launchDate'],
      properties: {
        instanceId: { type: 'string', example: 'i-5203422c' },
        instanceType: { type: 'string', example: 't1.micro' },
        launchDate: { type: 'string', example: '2016-08-29T09:12:33.001Z' },
      },
    },
    MachineId: {
      type: 'object',
      required: ['instanceId'],
      properties: { instanceId: { type: 'string', example: 'i-5203422c' } },
    },
    Failure: {
      type: 'object',
      required: ['message'],
      properties: { message: { type: 'string', description: 'what is wrong and what to do' } },
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
      'valid credentials are needed; send "Authorization: Basic " and a token of API_TOKEN',
      { 'WWW-Authenticate': { type: 'string', description: 'the challenge: Basic, its realm and charset' } },
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
      'there is nothing at the path',
      'there is nothing at this path; the paths are /healthcheck and /elb/{elbName}, described at /docs',
    ),
    MethodNotAllowed: failure(
      'the path was asked with a method that it lacks',
      'PATCH is not allowed on this path; use DELETE, GET, HEAD, POST',
      { Allow: { type: 'string', description: 'the methods that it has' } },
    ),
    RequestTimeout: failure(
      'the request took too long to arrive',
      'the request took too long to arrive; send it again',
    ),
    PayloadTooLarge: failure(
      'the body is larger than 16 KiB',
      'the body is larger than 16384 bytes; send {"instanceId": "i-…"} alone',
    ),
    HeaderTooLarge: failure(
      'the header is larger than 16 KiB',
      'the header is larger than 16 KiB; send fewer or shorter fields',
    ),
    Unforeseen: failure(
      'something unforeseen; the log has the cause',
      'something unforeseen went wrong; the log tells what, under the request id 5e1c7c1e',
    ),
    AwsRefused: failure(
      'AWS refuses the credentials or permissions of the service, or failed itself',
      "AWS refused the request (AccessDenied); the IAM policy of this service's credentials must allow " +
        'elasticloadbalancing:DescribeLoadBalancers',
    ),
    AwsThrottled: failure(
      'AWS is asked too often; nothing was changed',
      'AWS is asked too often (Throttling on elasticloadbalancing:DescribeLoadBalancers); nothing was changed, so try again in a second',
      retryAfter,
    ),
    AwsUnreachable: failure(
      'AWS did not answer in time; to a change, the message says whether it may have been made',
      'AWS did not answer elasticloadbalancing:DescribeLoadBalancers in time; try again in a few seconds',
      retryAfter,
    ),
  },
};

/** What every operation can answer beside the statuses of its `@swagger` block. */
export const everywhere = {
  405: { $ref: '#/responses/MethodNotAllowed' },
  408: { $ref: '#/responses/RequestTimeout' },
  431: { $ref: '#/responses/HeaderTooLarge' },
  500: { $ref: '#/responses/Unforeseen' },
};
