declare module 'proxy-from-env' {
  /** Returns the proxy for the URL by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case; '' for none. */
  export function getProxyForUrl(url: string): string;
}
