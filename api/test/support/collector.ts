import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type LocalServer, startLocalServer } from './local-server.ts';

type AttributeValue = Readonly<{ stringValue?: string; intValue?: number; boolValue?: boolean }>;

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 2 is a server span, 3 is a client span. */
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: AttributeValue }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2 is an error. */
  readonly status: { readonly code: number };
}

/** A span as the collector received it. */
export interface ReceivedSpan extends Omit<SentSpan, 'attributes'> {
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly resource: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** An OTLP/HTTP collector that accepts JSON: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export interface Collector extends LocalServer {
  readonly spans: readonly ReceivedSpan[];
  /** The path and headers of each export. */
  readonly exports: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
}

/** Starts a collector. `respond` replaces its response to an export; the collector then does not record the spans. */
export async function startCollector(respond?: (response: ServerResponse) => void): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const exports: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = await startLocalServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      exports.push({ path: request.url ?? '', headers: request.headers });
      if (respond !== undefined) {
        respond(response);
        return;
      }
      spans.push(...spansOf(Buffer.concat(chunks).toString()));
      response.setHeader('Content-Type', 'application/json');
      response.end('{}');
    });
  });
  return { ...server, spans, exports };
}

function spansOf(body: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as {
    resourceSpans: {
      resource: Pick<SentSpan, 'attributes'>;
      scopeSpans: { spans: SentSpan[] }[];
    }[];
  };
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) => ({
        ...span,
        attributes: valuesOf(span.attributes),
        resource: valuesOf(resource.attributes),
      })),
  );
}

function valuesOf(attributes: SentSpan['attributes']): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.boolValue]),
  );
}
