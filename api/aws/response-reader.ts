import { InvalidResponse } from './invalid-response.ts';
import { readXml, textOf, type XmlElement, XmlError } from './xml-document.ts';

/** An HTTP response as the SDK's handler returns it (`HttpResponse` of @smithy/core). */
export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body: AsyncIterable<Uint8Array> | Uint8Array;
}

/** The structure of a complete response. */
export interface ExpectedResponse {
  /** The outermost element. */
  readonly root: string;
  /** The child element that every successful response contains, even for an empty list. */
  readonly result: string;
  /** The names of the elements to read; undefined reads all. */
  readonly keep: ReadonlySet<string> | undefined;
  /** Whether to retry after a truncated response; false for changes. */
  readonly retryable: boolean;
}

/** AWS's error documents are shorter. */
const maxErrorBytes = 64 * 1024;

/**
 * Returns the root element of a successful response, or undefined for an error response, which the SDK parses. The SDK would
 * parse 400 load balancers (1 MB of XML) in one step of 70 ms that blocks the event loop, and would accept truncated and
 * empty documents. Throws InvalidResponse for a response that is incomplete or not from AWS, and connection errors.
 */
export async function readResponse(
  response: HttpResponse,
  expected: ExpectedResponse,
): Promise<XmlElement | undefined> {
  if (response.statusCode >= 300) {
    await readError(response);
    return undefined;
  }
  const { statusCode: status, headers } = response;
  const { body } = response;
  response.body = new Uint8Array();
  const { root, result, retryable } = expected;
  const truncated = (detail: string, cause?: unknown) =>
    new InvalidResponse('truncated', status, detail, { cause, retryable });
  const document = await readXml(pieces(body), expected.keep).catch((error: unknown) => {
    if (!(error instanceof XmlError)) throw error;
    if (startsAs(root, error)) throw truncated(error.head === '' ? 'it is empty' : 'it is truncated', error);
    throw new InvalidResponse('foreign', status, contentTypeOf(headers), { cause: error });
  });
  if (document.name !== root) throw new InvalidResponse('foreign', status, contentTypeOf(headers));
  if (!document.children.some(({ name }) => name === result)) throw truncated(`it has no ${result}`);
  return document;
}

/** Returns whether the bytes before the fault can be the start of AWS's document, with or without an XML declaration. */
function startsAs(root: string, fault: XmlError): boolean {
  if (fault.root !== undefined) return fault.root === root;
  const start = fault.head.replace(/^\s*<\?xml[^>]*(\?>\s*|$)/, '').trimStart();
  return `<${root}`.startsWith(start) || '<?xml'.startsWith(start);
}

/** Replaces the body by its bytes. Throws InvalidResponse unless they are an error document of ELB or EC2. */
async function readError(response: HttpResponse): Promise<void> {
  const bytes = await collect(response.body);
  const document = await readXml(pieces(bytes)).catch(() => undefined);
  const code =
    document?.name === 'ErrorResponse'
      ? textOf(document, 'Error', 'Code')
      : document?.name === 'Response'
        ? textOf(document, 'Errors', 'Error', 'Code')
        : undefined;
  if (code === undefined)
    throw new InvalidResponse('foreign', response.statusCode, contentTypeOf(response.headers));
  response.body = bytes;
}

async function collect(body: HttpResponse['body']): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces(body)) {
    kept.push(piece);
    length += piece.length;
    if (length > maxErrorBytes) break;
  }
  return Buffer.concat(kept);
}

async function* pieces(body: HttpResponse['body']): AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

/** Returns the media type and the content coding without unusual characters. */
function contentTypeOf(headers: HttpResponse['headers']): string {
  const printable = (value = '') => /^[\w.+/-]{1,64}/.exec(value)?.[0];
  const type = printable(headers['content-type']) ?? 'no content type';
  const coding = printable(headers['content-encoding']);
  return coding === undefined ? type : `${type} in ${coding}`;
}
