import { pino, type Logger as PinoLogger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { escapeLine, escapeStrings } from './escape-line.ts';
import { LogStream } from './log-stream.ts';
import { maskSecrets } from './mask-secrets.ts';

export interface LoggerOptions {
  readonly level: string;
  /** Whether a person reads along: lines to read instead of JSON. */
  readonly readable: boolean;
  /** Texts that no line may show; those that are added later count from then on. */
  readonly secrets?: Iterable<string>;
}

/** Returns a logger that writes JSON lines, or readable ones, to `stream`: standard output by default. */
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
    logger.warn({ lines }, 'log lines were lost while the log could not be written');
  };
  return logger;
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
