import { SaxesParser } from 'saxes';

/** An XML element with its children in order or, in a leaf, its text. */
export interface XmlElement {
  readonly name: string;
  children: readonly XmlElement[];
  text: string;
}

/** The bytes are not a complete, well-formed XML document in UTF-8. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  /** The name of the root element; undefined if the bytes end or are invalid before it. */
  readonly root: string | undefined;
  /** The first characters. */
  readonly head: string;

  constructor(message: string, { root, head }: { root: string | undefined; head: string }) {
    super(message);
    this.root = root;
    this.head = head;
  }
}

const noChildren: readonly XmlElement[] = [];
/** The number of characters that XmlError keeps. */
const headLength = 100;

/**
 * Returns the root element. Parses the bytes as they arrive and yields to the event loop after each chunk. Skips elements
 * whose name is not in `keep`, with their content, to reduce garbage collection. Throws XmlError for an incomplete
 * document.
 */
export async function readXml(
  bytes: AsyncIterable<Uint8Array>,
  keep?: ReadonlySet<string>,
): Promise<XmlElement> {
  const document: XmlElement = { name: '', children: noChildren, text: '' };
  const open = [document];
  let root: string | undefined;
  let head = '';
  let skipped = 0;
  const parser = new SaxesParser();
  const fail = (error: Error): never => {
    throw new XmlError(error.message, { root, head });
  };
  parser.on('error', fail);
  parser.on('opentagstart', ({ name }) => {
    root ??= name;
    if (skipped > 0 || keep?.has(name) === false) {
      skipped += 1;
      return;
    }
    const element = { name, children: noChildren, text: '' };
    append(open.at(-1) ?? document, element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (skipped === 0 && element !== undefined) element.text += text;
  });
  parser.on('closetag', () => {
    if (skipped > 0) skipped -= 1;
    else open.pop();
  });
  const decode = utf8Decoder(fail);
  for await (const piece of bytes) {
    const text = decode(piece);
    head += text.slice(0, headLength - head.length);
    parser.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
  parser.write(decode()).close();
  const [rootElement] = document.children;
  return rootElement ?? fail(new Error(`the root element is not in keep: ${root ?? 'none'}`));
}

/** Returns a decoder of chunks, ended by undefined, that calls `fail` for invalid UTF-8. */
function utf8Decoder(fail: (error: Error) => never): (piece?: Uint8Array) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return (piece) => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      return fail(new Error('the bytes are not UTF-8'));
    }
  };
}

/** Leaves share one empty list. */
function append(parent: XmlElement, child: XmlElement): void {
  if (parent.children === noChildren) parent.children = [child];
  else (parent.children as XmlElement[]).push(child);
}

/** Returns the children of the element at this path, or [] if there is none. */
export function childrenOf(element: XmlElement, ...names: string[]): readonly XmlElement[] {
  return descend(element, names)?.children ?? [];
}

/**
 * Returns the text of the element at this path, or undefined if there is none. The text is a copy, because V8 keeps the
 * whole source string of a substring in memory, here 64 KB of XML for one id.
 */
export function textOf(element: XmlElement, ...names: string[]): string | undefined {
  const text = descend(element, names)?.text;
  return text ? Buffer.from(text).toString() : undefined;
}

/** Returns the time at this path; undefined if it is missing or not in ISO 8601. */
export function timeOf(element: XmlElement, ...names: string[]): Date | undefined {
  const text = textOf(element, ...names) ?? '';
  const time = new Date(/^\d{4}-\d\d-\d\dT/.test(text) ? text : NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Returns the whole number at this path; undefined if it is missing or invalid. */
export function wholeNumberOf(element: XmlElement, ...names: string[]): number | undefined {
  const text = textOf(element, ...names) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function descend(element: XmlElement, names: readonly string[]): XmlElement | undefined {
  let current: XmlElement | undefined = element;
  for (const name of names) current = current?.children.find((child) => child.name === name);
  return current;
}
