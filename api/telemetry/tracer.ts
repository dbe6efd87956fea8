import type { TraceContext } from './trace-context.ts';

/** Attributes with the value undefined are not exported. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanEnd {
  /** Replaces the name of the span. */
  readonly name?: string;
  readonly attributes: Attributes;
  /** Whether the operation failed. */
  readonly failed: boolean;
}

export interface Span {
  readonly context: TraceContext;
  /** Runs the task. Client spans that start during the task become children of this span. */
  run<T>(task: () => T): T;
  /** Ends the span; calls `describe` only if the span is recorded. */
  end(describe: () => SpanEnd): void;
}

export interface Tracer {
  /** Starts the span of a request. If there is no parent, it starts a new trace. */
  startServerSpan(parent: TraceContext | undefined): Span;
  /**
   * Starts the span of a call to another service, as a child of the span whose `run` is active. If that span has ended,
   * for example because the call is in the background, starts a new trace that links to that span.
   */
  startClientSpan(name: string, attributes: Attributes): Span;
  /** Exports the completed spans within a limited time. Never throws. */
  close(): Promise<void>;
}

export interface TracerOptions {
  /** The URL to which the spans are sent. */
  readonly url: string;
  /** The headers to send with each export. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** The proportion, from 0 to 1, of the traces without a parent that are sampled. */
  readonly sampleRatio: number;
}
