/** RFC 3986, 3.2.2 and 3.2.3, without the comma, with which Node joins the values of repeated headers. */
const hostPattern = /^[\w.~!$&'()*+;=%:[\]-]*$/;

/** Returns whether the value is one host, with or without a port. */
export function isHost(value: string): boolean {
  return hostPattern.test(value);
}
