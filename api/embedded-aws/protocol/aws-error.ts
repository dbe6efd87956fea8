/** The two services that are served, as short names. */
export type Service = 'elb' | 'ec2';

/** HTTP statuses of codes that are not 400 (SM; the EC2 API reference, "Error codes"). */
const STATUSES: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  UnauthorizedOperation: 403,
  MissingAuthenticationToken: 403,
  InvalidClientTokenId: 403,
  SignatureDoesNotMatch: 403,
  ExpiredToken: 403,
  ExpiredTokenException: 403,
  AuthFailure: 401,
  MethodNotAllowed: 405,
  RequestEntityTooLarge: 413,
  InternalFailure: 500,
  InternalError: 500,
  ServiceUnavailable: 503,
  RequestLimitExceeded: 503,
};

/** A refusal as AWS words it: `code` is the wire code, `status` the HTTP status, `message` the text. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = STATUSES[code] ?? 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** ELB's refusal of an instance id it cannot use; the message of boto/boto#2274. */
export function couldNotFindInstance(id: string): AwsError {
  return new AwsError('InvalidInstance', `Could not find EC2 instance ${id}.`);
}
