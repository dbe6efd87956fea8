interface Step {
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly latency: { readonly p99: number };
}

const nearlyBest = 0.8;

/**
 * Where a server bends: of the steps that reach 80 % of the best throughput, the one with the most requests a second for
 * a millisecond of p99 (the "power" of L. Kleinrock, 1979, which is highest at the knee); undefined without steps.
 */
export function knee<T extends Step>(steps: readonly T[]): T | undefined {
  const best = Math.max(...steps.map((step) => step.requestsPerSecond));
  const power = (step: T): number => step.requestsPerSecond / step.latency.p99;
  return steps
    .filter((step) => step.requestsPerSecond > 0 && step.requestsPerSecond >= nearlyBest * best)
    .toSorted((a, b) => power(b) - power(a) || a.connections - b.connections)[0];
}
