import type { ErrorCode } from '../errors.ts';

/** The HTTP status of each failure. */
export const errorStatus: Readonly<Record<ErrorCode, number>> = {
  malformed_request: 400,
  wrong_condition: 400,
  wrong_data_format: 400,
  wrong_parameter: 400,
  instance_refused: 400,
  unauthenticated: 401,
  cross_site_request: 403,
  elb_not_found: 404,
  route_not_found: 404,
  method_not_allowed: 405,
  instance_already_attached: 409,
  instance_not_attached: 409,
  last_in_service: 409,
  attachment_lost: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_encoding: 415,
  internal_error: 500,
  aws_failed: 502,
  aws_refused: 502,
  aws_throttled: 503,
  closing: 503,
  not_tried: 503,
  aws_unreachable: 504,
};
