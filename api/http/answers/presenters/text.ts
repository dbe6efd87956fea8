/** The envelope around every JSON answer. */
export interface Envelope<T> {
  readonly message: T;
}

/** Returns the enveloped text: the sentence of an error, or the "ok" of a health check. */
export function presentText(message: string): Envelope<string> {
  return { message };
}
