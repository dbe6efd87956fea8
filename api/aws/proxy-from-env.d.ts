declare module 'proxy-from-env' {
  /** Returns the proxy that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (or in lower case) select; '' for none. */
  export function getProxyForUrl(url: string): string;
}
