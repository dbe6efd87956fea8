/** RFC 3986, 3.2.2 and 3.2.3, without the comma, by which Node joins the values of fields that are sent twice. */
const hostPattern = /^[\w.~!$&'()*+;=%:[\]-]*$/;

/** Whether the value of Host is one host, with or without a port. */
export function isHost(value: string): boolean {
  return hostPattern.test(value);
}
