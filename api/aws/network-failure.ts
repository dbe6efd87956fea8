import { DomainError } from '../errors.ts';

/** An error of Node.js or of the SDK's HTTP handler. */
interface SystemError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  /** If all addresses of a host name failed, this contains one error per address (AggregateError of node:net). */
  readonly errors?: readonly SystemError[];
}

/** The Retry-After value for failures that only a configuration change can fix. */
const configurationRetrySeconds = 30;

/**
 * The request received no response: name resolution, the connection, TLS or HTTP failed, or the request timed out. The
 * error has the name and the code of its cause, because the SDK uses them to decide whether to retry.
 */
export class NetworkFailure extends Error {
  readonly code: string | undefined;
  readonly host: string;
  override readonly cause: SystemError;

  constructor(cause: Error, host: string) {
    super(cause.message, { cause });
    this.cause = cause;
    this.name = cause.name;
    this.code = this.cause.code;
    this.host = host;
  }

  /** Returns the error for the caller. `unsent` is set if the failure occurred before the request was sent. */
  toDomainError(action: string): DomainError {
    const { host, cause } = this;
    const { code = cause.name, syscall = cause.errors?.[0]?.syscall } = cause;
    if (syscall === 'getaddrinfo') return this.#unsent(...unresolved(host, code));
    if (code === 'ECONNREFUSED')
      return this.#unsent(`${host} refused the connection (${code})`, {
        advice: 'check AWS_ENDPOINT_URL and any proxy',
      });
    if (syscall === 'connect' || /did not establish a connection/.test(cause.message))
      return this.#unsent(`cannot connect to ${host} (${code})`, {
        advice: 'check the network route to it, or try again in a few seconds',
        retryAfterSeconds: 2,
      });
    if (isCertificateCode(code))
      return this.#unsent(`the certificate of ${host} is not accepted: ${certificateFault(code)} (${code})`, {
        advice: certificateAdvice(code),
      });
    // Node.js reports a failed handshake as EPROTO, and failures in later TLS records as ERR_SSL_*.
    if (code === 'EPROTO')
      return this.#unsent(`the TLS handshake with ${host} failed (${tlsReason(cause)})`, {
        advice: 'check AWS_ENDPOINT_URL, its scheme and its port, and any proxy',
      });
    if (code.startsWith('ERR_SSL_'))
      return this.#error(
        `the TLS connection to ${host} failed before the response to ${action} arrived (${tlsReason(cause)})`,
        {
          advice: 'try again in a few seconds, and check any proxy',
          retryAfterSeconds: 2,
        },
      );
    if (code.startsWith('HPE_'))
      return this.#error(`the response from ${host} to ${action} is not HTTP (${code})`, {
        advice: 'check AWS_ENDPOINT_URL, its scheme and its port, and any proxy',
      });
    const isTimeout = cause.name === 'AbortError' || code === 'TimeoutError' || code === 'ETIMEDOUT';
    return this.#error(
      isTimeout
        ? `AWS did not respond to ${action} in time`
        : `${host} closed the connection before it responded to ${action} (${code})`,
      { advice: 'try again in a few seconds', retryAfterSeconds: 2 },
    );
  }

  #unsent(problem: string, details: Advice): DomainError {
    return this.#error(problem, { ...details, unsent: true });
  }

  #error(problem: string, details: Advice): DomainError {
    return new DomainError('aws_unreachable', problem, {
      retryAfterSeconds: configurationRetrySeconds,
      ...details,
      cause: this,
    });
  }
}

interface Advice {
  readonly advice: string;
  readonly retryAfterSeconds?: number;
  readonly unsent?: true;
}

/** EAI_AGAIN: the name server did not respond (getaddrinfo(3)). */
function unresolved(host: string, code: string): [string, Advice] {
  const problem = `the name ${host} cannot be resolved (${code})`;
  return code === 'EAI_AGAIN'
    ? [problem, { advice: 'check the DNS of this host, or try again in a few seconds', retryAfterSeconds: 2 }]
    : [problem, { advice: 'check AWS_ENDPOINT_URL, AWS_REGION and the DNS of this host' }];
}

/** Node.js uses OpenSSL's X509_V_ERR codes (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
function isCertificateCode(code: string): boolean {
  return /CERT|^UNABLE_TO_|_CRL|^PATH_LENGTH|^INVALID_(CA|PURPOSE)|^HOSTNAME_MISMATCH/.test(code);
}

function certificateFault(code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return 'it has expired';
  if (code === 'CERT_NOT_YET_VALID') return 'it is not valid yet';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return 'it is for another name';
  if (code.includes('SELF_SIGNED')) return 'it is self-signed';
  return code.startsWith('UNABLE_TO_') ? 'its certificate authority is unknown' : 'it is not valid';
}

function certificateAdvice(code: string): string {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'renew it, or correct the clock of this host';
  if (code.includes('SELF_SIGNED') || code.startsWith('UNABLE_TO_'))
    return 'set AWS_CA_BUNDLE to the certificate file of its certificate authority';
  return 'check AWS_ENDPOINT_URL and any proxy';
}

/** Returns the reason in OpenSSL's error line: "…:SSL routines:ssl3_get_record:wrong version number:…". */
function tlsReason({ message, code = '' }: SystemError): string {
  const reason = /SSL routines:[^:]*:([\w ]{1,60})/.exec(message)?.[1];
  return reason === 'wrong version number' ? `${code}: the server does not use TLS` : (reason ?? code);
}
