/**
 * An answer that is not a whole one of AWS. The SDK repeats a request by `$metadata` and `$retryable`
 * (service-error-classification of @smithy/core): after HTTP 429 and 500 to 504, and where `$retryable` is there.
 */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse';
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $retryable?: { readonly throttling: false };
  /** `foreign`: something other than AWS answered. `cut`: AWS answered, and a part of the answer is missing. */
  readonly kind: 'foreign' | 'cut';
  readonly status: number;
  /** What is wrong, in a few words without a secret: "text/html", "it ends in the middle". */
  readonly what: string;

  constructor(
    kind: InvalidResponse['kind'],
    status: number,
    what: string,
    options: InvalidResponseOptions = {},
  ) {
    super(`${kind} answer, HTTP ${status}: ${what}`, { cause: options.cause });
    this.kind = kind;
    this.status = status;
    this.what = what;
    this.$metadata = { httpStatusCode: status };
    if (options.repeatable === true) this.$retryable = { throttling: false };
  }
}

interface InvalidResponseOptions {
  readonly cause?: unknown;
  /** Whether the SDK may send the request again. */
  readonly repeatable?: boolean;
}
