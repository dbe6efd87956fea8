/** The envelope of every JSON response. */
export interface Envelope<T> {
  readonly message: T;
}

/** Returns the text, enveloped. The text is an error message or a status such as "ok". */
export function presentText(message: string): Envelope<string> {
  return { message };
}
