import assert from 'node:assert/strict';
import { knee } from '../measure/promises/knee.ts';

const step = (connections: number, requestsPerSecond: number, p99: number) => ({
  connections,
  requestsPerSecond,
  latency: { p99 },
});

describe('the knee', () => {
  it('is undefined without steps and without responses', () => {
    assert.equal(knee<ReturnType<typeof step>>([]), undefined);
    assert.equal(knee([step(1, 0, 0), step(10, 0, 0)]), undefined);
  });

  it('is the step where throughput stops growing, even if p99 is lower before', () => {
    const steps = [
      step(1, 1000, 1),
      step(5, 4800, 1.6),
      step(10, 5000, 3),
      step(100, 5100, 30),
      step(1000, 4900, 400),
    ];
    assert.equal(knee(steps)?.connections, 5);
  });

  it('is the last step while throughput still grows', () => {
    assert.equal(knee([step(1, 100, 10), step(2, 200, 10), step(5, 500, 10)])?.connections, 5);
  });

  it('is the step with the fewest connections among equal steps', () => {
    assert.equal(knee([step(20, 500, 10), step(10, 500, 10)])?.connections, 10);
  });
});
