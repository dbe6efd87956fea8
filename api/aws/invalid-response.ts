/**
 * The response is incomplete or is not from AWS. The SDK retries responses with HTTP status 429 and 500 to 504, and
 * errors with `$retryable` (service-error-classification in @smithy/core).
 */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse';
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $retryable?: { readonly throttling: false };
  /** `foreign` means that the response is not from AWS. `truncated` means that part of the AWS response is missing. */
  readonly kind: 'foreign' | 'truncated';
  readonly status: number;
  /** A short description without secrets, such as "text/html" or "it is empty". */
  readonly detail: string;

  constructor(
    kind: InvalidResponse['kind'],
    status: number,
    detail: string,
    options: InvalidResponseOptions = {},
  ) {
    super(`${kind} response, HTTP ${status}: ${detail}`, { cause: options.cause });
    this.kind = kind;
    this.status = status;
    this.detail = detail;
    this.$metadata = { httpStatusCode: status };
    if (options.retryable === true) this.$retryable = { throttling: false };
  }
}

interface InvalidResponseOptions {
  readonly cause?: unknown;
  readonly retryable?: boolean;
}
