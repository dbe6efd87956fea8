export type Service = 'elb' | 'ec2';

/** HTTP statuses other than 400 (ELB service model; EC2 API reference, "Error codes"). */
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

/** An error response from AWS with its code, HTTP status and message. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = STATUSES[code] ?? 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Returns the ELB error for an unusable instance id. The message is from boto/boto#2274. */
export function couldNotFindInstance(id: string): AwsError {
  return new AwsError('InvalidInstance', `Could not find EC2 instance ${id}.`);
}
