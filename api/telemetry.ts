/** What the service needs of a logger; pino has this shape. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One operation's way through AWS: how long it may take in all, and what AWS called its requests. */
export interface AwsTrace {
  /** When the operation must be through, on the clock of `performance.now()`. */
  readonly deadlineAt: number;
  /** Aborts at that time. */
  readonly deadline: AbortSignal;
  /** AWS's ids of the requests made so far, in order. */
  readonly requestIds: string[];
  /** Told when the first request leaves, after any wait for the budget: what AWS answers is no older than that. */
  readonly sent?: () => void;
  /** One attempt, made although AWS failed a moment ago, to see whether it is back. */
  readonly probe?: boolean;
}

/** Starts the trace of an operation that must be through in `deadlineMs` milliseconds. */
export function startTrace(deadlineMs: number, options: Pick<AwsTrace, 'sent' | 'probe'> = {}): AwsTrace {
  return {
    ...options,
    deadlineAt: performance.now() + deadlineMs,
    deadline: AbortSignal.timeout(deadlineMs),
    requestIds: [],
  };
}

/** Calls of one AWS action since the process started; each attempt counts. */
export interface ActionCount {
  spent: number;
  throttled: number;
  failed: number;
}

/** Counts what AWS was asked, by action. */
export class AwsLedger {
  readonly #counts = new Map<string, ActionCount>();

  record(action: string, outcome: 'ok' | 'throttled' | 'failed'): void {
    const count = this.#counts.get(action) ?? { spent: 0, throttled: 0, failed: 0 };
    count.spent += 1;
    if (outcome !== 'ok') count[outcome] += 1;
    this.#counts.set(action, count);
  }

  /** Returns the counts so far, by action. */
  snapshot(): Record<string, ActionCount> {
    return Object.fromEntries([...this.#counts].map(([action, count]) => [action, { ...count }]));
  }
}
