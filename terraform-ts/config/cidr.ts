/** A block of IPv4 addresses. `first` is its first address as a number. */
export interface Cidr {
  readonly text: string;
  readonly first: number;
  readonly size: number;
  readonly prefix: number;
}

/** Returns the block, or the problem as text. */
export function parseCidr(text: string): Cidr | string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return `"${text}" is not a CIDR such as 10.20.0.0/16`;
  const [a, b, c, d, prefix] = match.slice(1).map(Number) as [number, number, number, number, number];
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32)
    return `"${text}" is not a CIDR such as 10.20.0.0/16`;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - prefix);
  if (first % size !== 0)
    return `"${text}" has address bits after its prefix; the block starts at ${block(first, size, prefix)}`;
  return { text, first, size, prefix };
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.first <= inner.first && inner.first + inner.size <= outer.first + outer.size;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

/**
 * Returns true if the block is in a range for private use (RFC 1918) or in the shared range for carrier-grade NAT (RFC
 * 6598).
 */
export function isPrivate(block: Cidr): boolean {
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].some((range) =>
    contains(parseCidr(range) as Cidr, block),
  );
}

/** Returns the CIDR of one sixteenth of a block. `index` is from 0 to 15. */
export function sixteenth(outer: Cidr, index: number): string {
  const size = outer.size / 16;
  return block(outer.first + index * size, size, outer.prefix + 4);
}

function block(address: number, size: number, prefix: number): string {
  const first = address - (address % size);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${octets.join('.')}/${prefix.toString()}`;
}
