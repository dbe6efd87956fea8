interface Step {
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly latency: { readonly p99: number };
}

const nearlyBest = 0.8;

/**
 * Returns the step at the knee of the throughput curve, or undefined if there are no steps. Among the steps that reach
 * 80 % of the maximum throughput, it is the one with the highest "power": requests per second divided by p99 latency
 * (L. Kleinrock, 1979).
 */
export function knee<T extends Step>(steps: readonly T[]): T | undefined {
  const best = Math.max(...steps.map((step) => step.requestsPerSecond));
  const power = (step: T): number => step.requestsPerSecond / step.latency.p99;
  return steps
    .filter((step) => step.requestsPerSecond > 0 && step.requestsPerSecond >= nearlyBest * best)
    .toSorted((a, b) => power(b) - power(a) || a.connections - b.connections)[0];
}
