import { Parser } from 'htmlparser2';

/** An element of an XML document: its children in order, or, in a leaf, its text. */
export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

/**
 * Returns the document's root element (nameless, with the outermost element as its child), reading the bytes as they
 * come and letting the event loop turn after each piece.
 */
export async function readXml(bytes: AsyncIterable<Uint8Array>): Promise<XmlElement> {
  const root: XmlElement = { name: '', children: [], text: '' };
  const open = [root];
  const parser = new Parser(
    {
      onopentagname: (name) => {
        const element: XmlElement = { name, children: [], text: '' };
        open.at(-1)?.children.push(element);
        open.push(element);
      },
      ontext: (text) => {
        const element = open.at(-1);
        if (element !== undefined) element.text += text;
      },
      onclosetag: () => open.pop(),
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

/** Returns the children of the element that the names lead to, each the first of its name; none where there is none. */
export function childrenOf(element: XmlElement, ...names: string[]): readonly XmlElement[] {
  return descend(element, names)?.children ?? [];
}

/** Returns the text of the element that the names lead to, or undefined where there is no such element or no text. */
export function textOf(element: XmlElement, ...names: string[]): string | undefined {
  return descend(element, names)?.text || undefined;
}

function descend(element: XmlElement, names: readonly string[]): XmlElement | undefined {
  let current: XmlElement | undefined = element;
  for (const name of names) current = current?.children.find((child) => child.name === name);
  return current;
}
