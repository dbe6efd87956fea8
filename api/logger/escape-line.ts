/**
 * C1 control characters, which terminals interpret in the same way as ESC, and characters that reorder text or end a
 * line: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069 (UAX #9), U+2028, U+2029. JSON.stringify does not
 * escape them.
 */
const risky = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * The escapes that JSON.stringify writes for control characters, except those for tabs and line feeds, which stack
 * traces contain.
 */
const escapedControl = /(?<!\\)((?:\\\\)*)\\(u00[01][0-9a-f]|[bfr])/g;

/** Returns equivalent JSON in which characters that could change the display of the line are escaped. */
export function escapeLine(line: string): string {
  return line.replace(risky, (character) => `\\${unicode(character)}`);
}

/** Returns JSON whose strings show these characters as escapes after they are parsed and printed. */
export function escapeStrings(line: string): string {
  return line
    .replace(escapedControl, String.raw`$1\\$2`)
    .replace(risky, (character) => String.raw`\\${unicode(character)}`);
}

function unicode(character: string): string {
  return `u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
