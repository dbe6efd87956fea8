import { pino, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';

export interface LoggerOptions {
  readonly level: string;
  /** Whether a person reads along: lines to read instead of JSON. */
  readonly readable: boolean;
}

/** Returns a logger that writes JSON lines to standard output, or readable ones. */
export function createLogger({ level, readable }: LoggerOptions): PinoLogger {
  const options = { level, base: null, serializers: { err: describeError } };
  return readable ? pino(options, pretty({ sync: true, singleLine: true })) : pino(options);
}

/**
 * What the log shows of an error: its chain of causes, without the request and response that the SDK hangs on its
 * errors, since those carry signatures.
 */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    type: name,
    message,
    ...(typeof code === 'string' && { code }),
    stack,
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}
