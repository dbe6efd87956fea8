import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Returns the address of the client that sent a request, or '' for a request on a Unix socket. */
export type ClientAddress = (request: IncomingMessage) => string;

/**
 * Returns a function that determines client addresses. If the peer is in one of the networks, such as 10.0.0.0/8, it is
 * a proxy, and the client is the last value in X-Forwarded-For. The proxy appends that value; the client controls all
 * values before it.
 */
export function clientAddresses(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const network of trustedProxies) {
    const [address = '', prefix] = network.split('/');
    trusted.addSubnet(address, Number(prefix), familyOf(address));
  }
  return ({ socket, headers }) => {
    const peer = withoutMapping(socket.remoteAddress ?? '');
    if (isIP(peer) === 0 || !trusted.check(peer, familyOf(peer))) return peer;
    const forwardedFor = headers['x-forwarded-for'] as string | undefined;
    // Remove the zone from an IPv6 address (RFC 4007), because isIP accepts a zone of any length.
    const last = withoutMapping(forwardedFor?.split(',').at(-1)?.replace(/%.*/s, '').trim() ?? '');
    return isIP(last) === 0 ? peer : last;
  };
}

/**
 * Returns the network within which a client can choose its address: for an IPv6 address, its /64 network (RFC 4291,
 * 2.5.4).
 */
export function clientNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  // The URL contains the shortest form of the address: lower case, without leading zeros or IPv4 notation.
  const { hostname } = new URL(`http://[${address.replace(/%.*/s, '')}]`);
  const [front = '', back] = hostname.slice(1, -1).split('::');
  const groups = front === '' ? [] : front.split(':');
  const zeros = back === undefined ? 0 : 8 - groups.length - (back === '' ? 0 : back.split(':').length);
  return `${[...groups, ...Array<string>(zeros).fill('0'), ...(back ?? '').split(':')].slice(0, 4).join(':')}::/64`;
}

function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
