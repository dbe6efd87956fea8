import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import {
  type Link,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from './logger.ts';
import type { TraceContext } from './trace-context.ts';
import type { Attributes, Span, SpanEnd, Tracer, TracerOptions } from './tracer.ts';

/** If this many spans are waiting to be exported, additional spans are dropped. */
const maxQueueSize = 2048;
const scheduledDelayMillis = 1000;
/** The time limit, in milliseconds, for an export including its retries, and for the last export. */
const exportTimeoutMs = 5000;
const closeTimeoutMs = 1000;

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/**
 * Sends spans in batches to an OTLP/HTTP endpoint, as JSON. An endpoint that fails or does not respond does not delay
 * requests.
 */
export class OtlpTracer implements Tracer {
  readonly #provider: BasicTracerProvider;
  readonly #tracer: OtelTracer;
  readonly #active = new AsyncLocalStorage<RunningSpan>();

  /** `version` is the version of this service. */
  constructor(options: TracerOptions, version: string, logger: Pick<Logger, 'info' | 'warn'>) {
    const { url, headers, serviceName, sampleRatio } = options;
    const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: exportTimeoutMs });
    this.#provider = new BasicTracerProvider({
      resource: defaultResource().merge(
        resourceFromAttributes({
          'service.name': serviceName,
          'service.version': version,
          'service.instance.id': randomUUID(),
        }),
      ),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [
        new BatchSpanProcessor(logFailures(exporter, logger), {
          maxQueueSize,
          scheduledDelayMillis,
          // The exporter has its own, shorter time limit.
          exportTimeoutMillis: 2 * exportTimeoutMs,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('elb-inventory', version);
  }

  startServerSpan(parent: TraceContext | undefined): Span {
    const context =
      parent === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, {
            traceId: parent.traceId,
            spanId: parent.spanId,
            traceFlags: parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
            isRemote: true,
          });
    return this.#running(this.#tracer.startSpan('request', { kind: SpanKind.SERVER }, context));
  }

  startClientSpan(name: string, attributes: Attributes): Span {
    const active = this.#active.getStore();
    const options = { kind: SpanKind.CLIENT, attributes: { ...attributes } };
    if (active?.hasEnded !== false) {
      const links: Link[] = active === undefined ? [] : [{ context: active.otel.spanContext() }];
      return this.#running(this.#tracer.startSpan(name, { ...options, links }, ROOT_CONTEXT));
    }
    return this.#running(this.#tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, active.otel)));
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeTimeoutMs);
    });
    // The exporter logs its failures.
    await Promise.race([this.#provider.shutdown().catch(() => undefined), timeout]);
    clearTimeout(timer);
  }

  #running(otel: OtelSpan): Span {
    return new RunningSpan(otel, this.#active);
  }
}

class RunningSpan implements Span {
  readonly otel: OtelSpan;
  readonly context: TraceContext;
  readonly #active: AsyncLocalStorage<RunningSpan>;
  hasEnded = false;

  constructor(otel: OtelSpan, active: AsyncLocalStorage<RunningSpan>) {
    this.otel = otel;
    this.#active = active;
    const { traceId, spanId, traceFlags } = otel.spanContext();
    this.context = { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  }

  run<T>(task: () => T): T {
    return this.#active.run(this, task);
  }

  end(describe: () => SpanEnd): void {
    this.hasEnded = true;
    if (!this.otel.isRecording()) return;
    const { name, attributes, failed } = describe();
    if (name !== undefined) this.otel.updateName(name);
    this.otel.setAttributes({ ...attributes });
    if (failed) this.otel.setStatus({ code: SpanStatusCode.ERROR });
    this.otel.end();
  }
}

/** Returns an exporter that logs the first of consecutive failures, and the next success. */
function logFailures(exporter: SpanExporter, logger: Pick<Logger, 'info' | 'warn'>): SpanExporter {
  let fails = false;
  return {
    export: (spans, done) => {
      exporter.export(spans, (result: ExportResult) => {
        const { error } = result;
        if (error !== undefined && !fails)
          logger.warn({ err: error }, 'cannot export spans; spans are dropped until the endpoint recovers');
        if (error === undefined && fails) logger.info({}, 'spans are exported again');
        fails = error !== undefined;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
