import { SaxesParser } from 'saxes';

/** An element of an XML document: its children in order, or, in a leaf, its text. */
export interface XmlElement {
  readonly name: string;
  children: readonly XmlElement[];
  text: string;
}

/** The bytes are not one whole, well-formed XML document in UTF-8. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  /** The name of the outermost element; undefined where the bytes end or break before it. */
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
/** Characters that XmlError keeps. */
const headLength = 100;

/**
 * Returns the outermost element. The bytes are parsed as they arrive, and the event loop turns after each piece.
 * Elements whose name is not in `keep` are left out with their content, since the garbage collector copies each kept
 * element several times before the document is complete. Throws XmlError unless every element is closed by its own
 * tag, so a document that was cut is never taken for a whole one.
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
  const [outermost] = document.children;
  return outermost ?? fail(new Error(`the outermost element is not read: ${root ?? 'none'}`));
}

/** Returns a decoder of pieces, the last one being undefined, that calls `fail` for bytes that are not UTF-8. */
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

/** Most elements are leaves, and need no list of their own. */
function append(parent: XmlElement, child: XmlElement): void {
  if (parent.children === noChildren) parent.children = [child];
  else (parent.children as XmlElement[]).push(child);
}

/** Returns the children of the element that the names lead to, each the first of its name; none where there is none. */
export function childrenOf(element: XmlElement, ...names: string[]): readonly XmlElement[] {
  return descend(element, names)?.children ?? [];
}

/**
 * Returns the text of the element that the names lead to, or undefined where there is no such element or no text. It is
 * a copy: for a string that is cut out of another, V8 keeps that other, here 64 KB of XML for one id.
 */
export function textOf(element: XmlElement, ...names: string[]): string | undefined {
  const text = descend(element, names)?.text;
  return text ? Buffer.from(text).toString() : undefined;
}

/** Returns the time that the names lead to; undefined where there is none, or none in ISO 8601, as AWS sends it. */
export function timeOf(element: XmlElement, ...names: string[]): Date | undefined {
  const text = textOf(element, ...names) ?? '';
  const time = new Date(/^\d{4}-\d\d-\d\dT/.test(text) ? text : NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Returns the whole number that the names lead to; undefined where there is none. */
export function wholeNumberOf(element: XmlElement, ...names: string[]): number | undefined {
  const text = textOf(element, ...names) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function descend(element: XmlElement, names: readonly string[]): XmlElement | undefined {
  let current: XmlElement | undefined = element;
  for (const name of names) current = current?.children.find((child) => child.name === name);
  return current;
}
