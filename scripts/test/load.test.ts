import assert from 'node:assert/strict';
import { connectionsAt } from '../measure/load/load.ts';
import { Recorder } from '../measure/load/recorder.ts';
import { rampStages } from '../measure/scenarios/capacity/ramp.ts';

describe('the recorder', () => {
  const what = { scenario: 'seed', label: '', server: 'service', connections: 1 } as const;

  it('counts every status but 2xx as failed, and timeouts separately', () => {
    const recorder = new Recorder();
    for (const status of [200, 201, 503]) recorder.answer(status, 1);
    recorder.error(true);
    recorder.error(false);
    const run = recorder.finish(what, false);
    assert.deepEqual(run.statuses, { 200: 1, 201: 1, 503: 1, error: 2 });
    assert.deepEqual([run.requests, run.failed, run.timeouts], [5, 3, 1]);
  });

  it('returns latencies in fractions of a millisecond', () => {
    const recorder = new Recorder();
    for (let n = 0; n < 100; n += 1) recorder.answer(200, n < 98 ? 0.25 : 40);
    const { latency } = recorder.finish(what, false);
    assert.ok(
      Math.abs(latency.p50 - 0.25) < 0.01 && Math.abs(latency.p99 - 40) < 0.1,
      JSON.stringify(latency),
    );
  });

  it('adds the requests that a slow response delayed, if a rate is set', () => {
    const recorder = new Recorder();
    recorder.answer(200, 100, 10);
    const { latency } = recorder.finish(what, false);
    // During the response, requests were due every 10 ms; they took 100, 90 … 10 ms.
    assert.ok(Math.abs(latency.mean - 55) < 1, `${latency.mean}`);
  });
});

describe('connectionsAt', () => {
  const load = { connections: 100, paths: ['/'], stages: rampStages(100, 10, 20, 30) };

  it('follows a ramp up, a steady phase and a ramp down', () => {
    const counts = [0, 9, 19, 35, 51, 61, 70].map((second) => connectionsAt(load, second));
    assert.deepEqual(counts, [10, 50, 100, 100, 100, 50, 0]);
  });
});
