import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { parseNetworks, privateNetworks } from '../../../config/networks.ts';
import { type ClientAddress, clientAddresses } from '../../../http/logging/client-address.ts';

/** Returns the client address for a request from this peer with this X-Forwarded-For header. */
function addressWith(addressOf: ClientAddress, peer: string | undefined, forwardedFor: string | undefined) {
  const headers = { 'x-forwarded-for': forwardedFor };
  return addressOf({ socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage);
}
const byDefault = clientAddresses(parseNetworks(privateNetworks) ?? []);
const clientAddress = (peer: string | undefined, forwardedFor: string | undefined) =>
  addressWith(byDefault, peer, forwardedFor);

describe('clientAddresses', () => {
  const rows: [what: string, peer: string | undefined, forwardedFor: string | undefined, client: string][] = [
    ['ignores the header of a public peer', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['ignores the header of a public IPv6 peer', '2001:db8::7', '198.51.100.1', '2001:db8::7'],
    [
      'ignores the header of a public peer in mapped form',
      '::ffff:203.0.113.7',
      '198.51.100.1',
      '203.0.113.7',
    ],
    ['ignores the header of an unknown peer', undefined, '198.51.100.1', ''],
    [
      'ignores the values that the client wrote',
      '10.0.0.5',
      '1.1.1.1, 8.8.8.8, 198.51.100.1',
      '198.51.100.1',
    ],
    ['ignores a last value that is not an address', '10.0.0.5', '198.51.100.1, "><script>', '10.0.0.5'],
    ['ignores a last value with a line break', '10.0.0.5', '198.51.100.1\nx', '10.0.0.5'],
    ['ignores an empty last value', '10.0.0.5', '198.51.100.1,', '10.0.0.5'],
    ['ignores an empty header', '10.0.0.5', '', '10.0.0.5'],
    ['returns the peer without the header', '10.0.0.5', undefined, '10.0.0.5'],
    ['returns the peer in mapped form without the header', '::ffff:10.0.0.5', undefined, '10.0.0.5'],
    ['returns an IPv6 address', '10.0.0.5', '2001:db8::1', '2001:db8::1'],
    ['removes the zone of an address', '10.0.0.5', 'fe80::1%AAAA', 'fe80::1'],
    ['removes a zone of any length', '10.0.0.5', `x, fe80::1%${'A'.repeat(7000)}`, 'fe80::1'],
    ['returns a value in mapped form as IPv4', '10.0.0.5', '::FFFF:198.51.100.1', '198.51.100.1'],
    ['ignores blanks', '10.0.0.5', ' 1.1.1.1 ,  198.51.100.1  ', '198.51.100.1'],
  ];
  for (const [what, peer, forwardedFor, client] of rows)
    it(what, () => {
      assert.equal(clientAddress(peer, forwardedFor), client);
    });

  it('uses the header of the given networks only', () => {
    const addressOf = clientAddresses(['203.0.113.0/24', '2001:db8::/32']);
    for (const [peer, client] of [
      ['203.0.113.7', '198.51.100.1'],
      ['::ffff:203.0.113.7', '198.51.100.1'],
      ['2001:db8::7', '198.51.100.1'],
      ['203.0.114.1', '203.0.114.1'],
      ['10.0.0.5', '10.0.0.5'],
      ['::1', '::1'],
    ] as const)
      assert.equal(addressWith(addressOf, peer, '8.8.8.8, 198.51.100.1'), client);
  });

  it('ignores the header of every peer without networks', () => {
    assert.equal(addressWith(clientAddresses([]), '127.0.0.1', '198.51.100.1'), '127.0.0.1');
  });

  const privatePeers = [
    ...['127.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.1.1'],
    ...['::1', 'fc00::1', 'fdff::1', 'fe80::1', '::ffff:10.0.0.5', '::ffff:172.31.0.1'],
  ];
  for (const peer of privatePeers)
    it(`uses the header of the private peer ${peer}`, () => {
      assert.equal(clientAddress(peer, '198.51.100.1'), '198.51.100.1');
    });

  const publicPeers = [
    ...['9.255.255.255', '11.0.0.0', '128.0.0.1', '172.15.255.255', '172.32.0.0', '192.167.255.255'],
    ...['192.169.0.0', '169.253.255.255', '::2', 'fbff::1', 'fec0::1', '::ffff:8.8.8.8'],
  ];
  for (const peer of publicPeers)
    it(`ignores the header of the public peer ${peer}`, () => {
      assert.equal(clientAddress(peer, '198.51.100.1'), peer.replace('::ffff:', ''));
    });
});
