import assert from 'node:assert/strict';
import Router from '@koa/router';
import type { AppMiddleware } from '../../../http/context.ts';
import { type Dependency, readinessRoute } from '../../../http/routes/readiness.ts';
import { DomainError } from '../../../errors.ts';
import { systemClock } from '../../../clock.ts';
import { serverOf } from '../server-of.ts';

describe('GET /readiness', () => {
  async function ask(...dependencies: Dependency[]): Promise<{ status: number; body: unknown }> {
    const router = new Router();
    readinessRoute(router, { dependencies, clock: systemClock });
    const server = await serverOf(router.routes() as AppMiddleware);
    const response = await fetch(`${server.url}/readiness`);
    const answer = { status: response.status, body: await response.json() };
    await server.close();
    return answer;
  }
  const reachable = (name: string): Dependency => ({ name, check: () => Promise.resolve() });
  const failing = (name: string, error: Error): Dependency => ({ name, check: () => Promise.reject(error) });

  it('responds with 500 if a check throws an unexpected error', async () => {
    assert.equal((await ask(failing('aws', new TypeError('a bug')))).status, 500);
  });

  it('responds with 503 and the message of each dependency that cannot be reached', async () => {
    const failure = new DomainError('aws_unreachable', 'AWS did not answer');
    assert.deepEqual(await ask(reachable('database'), failing('aws', failure)), {
      status: 503,
      body: {
        ready: false,
        dependencies: [
          { name: 'database', reachable: true },
          { name: 'aws', reachable: false, message: 'AWS did not answer' },
        ],
      },
    });
  });

  it('responds with 200 if all dependencies can be reached', async () => {
    assert.deepEqual(await ask(reachable('aws')), {
      status: 200,
      body: { ready: true, dependencies: [{ name: 'aws', reachable: true }] },
    });
  });
});
