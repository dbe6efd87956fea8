import { Parser } from 'htmlparser2';

/** An element of an XML document: its children in order, or, in a leaf, its text. */
export interface XmlElement {
  readonly name: string;
  children: readonly XmlElement[];
  text: string;
}

const noChildren: readonly XmlElement[] = [];

/** Returns an element without children and text. */
export function emptyElement(name = ''): XmlElement {
  return { name, children: noChildren, text: '' };
}

/**
 * Returns the document's root element (nameless, with the outermost element as its child), reading the bytes as they
 * come and letting the event loop turn after each piece. Elements whose name is not in `keep` are left out, with all
 * that is in them: each that stays is copied by the garbage collector several times before the document is complete.
 */
export async function readXml(
  bytes: AsyncIterable<Uint8Array>,
  keep?: ReadonlySet<string>,
): Promise<XmlElement> {
  const root = emptyElement();
  const open = [root];
  let skipped = 0;
  const parser = new Parser(
    {
      onopentagname: (name) => {
        if (skipped > 0 || keep?.has(name) === false) {
          skipped += 1;
          return;
        }
        const element = emptyElement(name);
        append(open.at(-1) ?? root, element);
        open.push(element);
      },
      ontext: (text) => {
        const element = open.at(-1);
        if (skipped === 0 && element !== undefined) element.text += text;
      },
      onclosetag: () => {
        if (skipped > 0) skipped -= 1;
        else open.pop();
      },
    },
    { xmlMode: true },
  );
  const decoder = new TextDecoder();
  for await (const piece of bytes) {
    parser.write(decoder.decode(piece, { stream: true }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  parser.end(decoder.decode());
  return root;
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

function descend(element: XmlElement, names: readonly string[]): XmlElement | undefined {
  let current: XmlElement | undefined = element;
  for (const name of names) current = current?.children.find((child) => child.name === name);
  return current;
}
