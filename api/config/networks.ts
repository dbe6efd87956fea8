import { isIP } from 'node:net';

/** Private and link-local networks, and the loopback addresses (RFC 1122, 1918, 3927, 4193 and 4291). */
export const privateNetworks =
  '127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,::1/128,fc00::/7,fe80::/10';

/**
 * Returns the networks in the text as `address/prefix`. Returns undefined if the text is neither `none` nor a list of
 * networks.
 */
export function parseNetworks(text: string): readonly string[] | undefined {
  if (text === 'none') return [];
  const networks = text.split(/ *, */).map(parseNetwork);
  return networks.includes(undefined) ? undefined : (networks as string[]);
}

function parseNetwork(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0 || rest.length > 0) return undefined;
  const bits = version === 6 ? 128 : 32;
  if (prefix === undefined) return `${address}/${bits}`;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? `${address}/${prefix}` : undefined;
}
