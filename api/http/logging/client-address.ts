import { BlockList, isIP } from 'node:net';

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  privateNetworks.addSubnet(network, prefix, 'ipv4');
}
privateNetworks.addAddress('::1', 'ipv6');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

/**
 * Returns the address of the client. If the peer has a private address, it is a load balancer, and the client is the last
 * value of X-Forwarded-For. The load balancer appends that value; the client controls all values before it.
 */
export function clientAddress(peer: string | undefined, forwardedFor: string | undefined): string {
  const address = (peer ?? '').replace(/^::ffff:/, '');
  // Remove the zone of an IPv6 address (RFC 4007), because isIP accepts a zone of any length.
  const last = forwardedFor?.split(',').at(-1)?.replace(/%.*/s, '').trim() ?? '';
  return isIP(last) !== 0 && isPrivate(address) ? last : address;
}

function isPrivate(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && privateNetworks.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
