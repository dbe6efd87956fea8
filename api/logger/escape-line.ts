/**
 * C1 controls, which terminals obey as they do ESC, and marks that reorder or end a line: U+061C, U+200E, U+200F,
 * U+202A to U+202E, U+2066 to U+2069 (Unicode, UAX #9), U+2028, U+2029. JSON leaves them as they are.
 */
const risky = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** What JSON.stringify writes for a control character, but for tab and line feed: stacks have those. */
const escapedControl = /(?<!\\)((?:\\\\)*)\\(u00[01][0-9a-f]|[bfr])/g;

/** Returns the JSON line with the characters escaped that could change how it is displayed; it is the same JSON. */
export function escapeLine(line: string): string {
  return line.replace(risky, (character) => `\\${unicode(character)}`);
}

/** Returns the JSON line so that these characters stay escaped in its strings: these are printed as they are. */
export function escapeStrings(line: string): string {
  return line
    .replace(escapedControl, String.raw`$1\\$2`)
    .replace(risky, (character) => String.raw`\\${unicode(character)}`);
}

function unicode(character: string): string {
  return `u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
