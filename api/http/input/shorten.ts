/** Returns at most 64 characters of what a caller sent: enough to recognise it in a sentence. */
export function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
