import { InvalidResponse } from './invalid-response.ts';
import { readXml, textOf, type XmlElement, XmlError } from './xml-document.ts';

/** An HTTP response as the SDK's handler returns it (`HttpResponse` of @smithy/core). */
export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body: AsyncIterable<Uint8Array> | Uint8Array;
}

/** What an answer holds that counts. */
export interface ExpectedResponse {
  /** The outermost element. */
  readonly root: string;
  /** The element in it that AWS always sends with a success, with an empty list too. */
  readonly result: string;
  /** The names of the elements that the answer is read for; all of them where it is undefined. */
  readonly keep: ReadonlySet<string> | undefined;
  /** Whether the request may be sent again after an answer that was cut: not where it changes something. */
  readonly repeatable: boolean;
}

/** An error of AWS is shorter than this; a longer one comes from something else. */
const maxErrorBytes = 64 * 1024;

/**
 * Returns the outermost element of a successful answer, and undefined for an error of AWS, whose bytes are left to the SDK.
 * The SDK reads an answer in one go and blocks the event loop: 400 load balancers (1 MB of XML) for 70 ms once its code
 * is warm. It also takes a document that was cut, and an empty one, for a success. Throws InvalidResponse for an answer
 * that is not AWS's or not whole, and what the connection throws.
 */
export async function readResponse(
  answer: HttpResponse,
  expected: ExpectedResponse,
): Promise<XmlElement | undefined> {
  if (answer.statusCode >= 300) {
    await readError(answer);
    return undefined;
  }
  const { statusCode: status, headers } = answer;
  const { body } = answer;
  answer.body = new Uint8Array();
  const { root, result, repeatable } = expected;
  const cut = (what: string, cause?: unknown) =>
    new InvalidResponse('cut', status, what, { cause, repeatable });
  const response = await readXml(pieces(body), expected.keep).catch((error: unknown) => {
    if (!(error instanceof XmlError)) throw error;
    if (beginsAs(root, error))
      throw cut(error.head === '' ? 'it is empty' : 'it is not a whole document', error);
    throw new InvalidResponse('foreign', status, contentTypeOf(headers), { cause: error });
  });
  if (response.name !== root) throw new InvalidResponse('foreign', status, contentTypeOf(headers));
  if (!response.children.some(({ name }) => name === result)) throw cut(`it has no ${result}`);
  return response;
}

/** Whether the bytes up to the fault can be the beginning of AWS's document: after the optional declaration, its outermost element. */
function beginsAs(root: string, fault: XmlError): boolean {
  if (fault.root !== undefined) return fault.root === root;
  const beginning = fault.head.replace(/^\s*<\?xml[^>]*(\?>\s*|$)/, '').trimStart();
  return `<${root}`.startsWith(beginning) || '<?xml'.startsWith(beginning);
}

/** Leaves the body as bytes. Throws InvalidResponse unless these are the error document of one of the two services. */
async function readError(answer: HttpResponse): Promise<void> {
  const bytes = await collect(answer.body);
  const document = await readXml(pieces(bytes)).catch(() => undefined);
  const code =
    document?.name === 'ErrorResponse'
      ? textOf(document, 'Error', 'Code')
      : document?.name === 'Response'
        ? textOf(document, 'Errors', 'Error', 'Code')
        : undefined;
  if (code === undefined)
    throw new InvalidResponse('foreign', answer.statusCode, contentTypeOf(answer.headers));
  answer.body = bytes;
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

/** The media type and any coding, as far as they are sane enough for a sentence. */
function contentTypeOf(headers: HttpResponse['headers']): string {
  const sane = (value = '') => /^[\w.+/-]{1,64}/.exec(value)?.[0];
  const type = sane(headers['content-type']) ?? 'no content type';
  const coding = sane(headers['content-encoding']);
  return coding === undefined ? type : `${type} in ${coding}`;
}
