import { pino, type Logger as PinoLogger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { escapeLine, escapeStrings } from './escape-line.ts';
import { LogStream } from './log-stream.ts';
import { maskSecrets } from './mask-secrets.ts';

export interface LoggerOptions {
  readonly level: string;
  /** Whether to write readable text instead of JSON. */
  readonly readable: boolean;
  /** Strings to mask in every line. The iterable may grow later. */
  readonly secrets?: Iterable<string>;
}

/** Returns a logger that writes JSON or readable text to `stream`; the default is standard output. */
export function createLogger(
  { level, readable, secrets = [] }: LoggerOptions,
  stream: Pick<LogStream, 'write' | 'onLost'> = new LogStream(1),
): PinoLogger {
  const options = { level, base: null, serializers: { err: describeError } };
  const pretty = prettyFactory({ singleLine: true });
  const logger = pino(options, {
    write: (line) => {
      const masked = maskSecrets(line, secrets);
      stream.write(readable ? pretty(escapeStrings(masked)) : escapeLine(masked));
    },
  });
  stream.onLost = (lines) => {
    logger.warn({ lines }, 'dropped log lines while the log was not writable');
  };
  return logger;
}

/**
 * Returns the loggable fields of an error and its causes. Omits the requests and responses that the SDK attaches,
 * because they contain signatures.
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
