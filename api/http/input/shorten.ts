/** Returns at most 64 characters of a string from the client, for an error message. */
export function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
