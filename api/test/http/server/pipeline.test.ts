import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import type { AppMiddleware, RequestState } from '../../../http/context.ts';
import { admission } from '../../../http/middleware/admission.ts';
import { basicAuth } from '../../../http/middleware/basic-auth.ts';
import { createHttpServer, type HttpServer } from '../../../http/server/http-server.ts';
import { ListAnswers } from '../../../http/answers/list-answer.ts';
import { Admission } from '../../../http/server/admission.ts';
import { Pipeline } from '../../../http/server/pipeline.ts';
import { fastPath } from '../../../http/server/fast-path.ts';
import { RequestLog } from '../../../http/logging/request-log.ts';
import type { Inventory } from '../../../load-balancers/inventory/inventory.ts';
import type { InstanceId } from '../../../load-balancers/instance.ts';
import { systemClock } from '../../../clock.ts';
import { until } from '../../support/process.ts';
import { RawConnection } from '../raw-connection.ts';

const request = 'GET /elb/large HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n';
/** The list has more members than the buffers of a connection hold if the client does not read. */
const machine = { instanceId: 'i-5203422c' as InstanceId, instanceType: 't3.micro', launchDate: undefined };
const machines = Array.from({ length: 200_000 }, () => machine);

const callers = { recall: () => ({ name: 'tester' }), authenticate: () => ({ name: 'tester' }) };

describe('Pipeline', () => {
  let lines: Record<string, unknown>[];
  let pipeline: Pipeline;
  let http: HttpServer;
  let connection: RawConnection;
  beforeEach(() => {
    lines = [];
    const add = (line: object) => lines.push(line as Record<string, unknown>);
    const log = new RequestLog({ debug: add, info: add, warn: add, error: add }, 1000, () => '', systemClock);
    const admission = new Admission({ requests: 1, changes: 1, waiters: 1 });
    pipeline = new Pipeline(log, systemClock, { admission });
  });
  afterEach(async () => {
    connection.destroy();
    http.server.closeAllConnections();
    await http.close();
  });

  async function connect(listener: RequestListener): Promise<void> {
    http = createHttpServer(listener, new AbortController(), systemClock);
    await new Promise<void>((resolve) => http.server.listen(0, '127.0.0.1', resolve));
    connection = new RawConnection(`http://127.0.0.1:${(http.server.address() as AddressInfo).port}`);
  }

  function koaOf(handler: AppMiddleware): RequestListener {
    const app = new Koa<RequestState>();
    app.silent = true;
    app.use(admission(pipeline));
    app.use(basicAuth(callers, { check: () => undefined, refused: () => undefined }));
    app.use(handler);
    const respond = app.callback();
    return (incoming, response) => void respond(incoming, response);
  }

  const ways: Record<string, () => RequestListener> = {
    'on the fast path': () =>
      fastPath(() => assert.fail(), {
        inventory: {
          ready: () => ({ instances: machines, revision: 1, asOf: 0, freshUntil: Infinity, how: 'hit' }),
        } as unknown as Inventory,
        callers,
        lists: new ListAnswers(),
        pipeline,
        clock: systemClock,
        redirectHttp: false,
      }),
    'through Koa': () =>
      koaOf((ctx) => {
        ctx.body = JSON.stringify(machines);
      }),
  };
  for (const [way, listenerOf] of Object.entries(ways)) {
    it(`counts a request as in flight until the client has read the response, ${way}`, async () => {
      await connect(listenerOf());
      connection.pause();
      connection.send(request);
      await until(() => pipeline.inFlight === 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual([pipeline.inFlight, lines, pipeline.admission.hasRoom], [1, [], false]);
      connection.resume();
      await until(() => pipeline.inFlight === 0);
      assert.ok(pipeline.admission.hasRoom);
      assert.deepEqual(
        lines.map(({ status, clientGone }) => [status, clientGone]),
        [[200, undefined]],
      );
    });

    it(`logs that the client disconnected while it read the response, ${way}`, async () => {
      await connect(listenerOf());
      connection.pause();
      connection.send(request);
      await until(() => pipeline.inFlight === 1);
      connection.destroy();
      await until(() => pipeline.inFlight === 0);
      assert.deepEqual(
        lines.map(({ status, clientGone }) => [status, clientGone]),
        [[200, true]],
      );
    });

    it(`keeps the server open until the client has read the response, ${way}`, async () => {
      await connect(listenerOf());
      connection.pause();
      connection.send(request.replace('keep-alive', 'close'));
      await until(() => pipeline.inFlight === 1);
      const closed = http.close().then(() => lines.length);
      assert.equal(
        await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50))]),
        undefined,
      );
      connection.resume();
      assert.equal(await closed, 1);
    });
  }

  it('counts internal errors', async () => {
    await connect(
      koaOf(() => {
        throw new TypeError('a bug');
      }),
    );
    connection.send(request);
    await until(() => pipeline.inFlight === 0 && lines.length === 1);
    assert.deepEqual([pipeline.answeredRequests, pipeline.internalErrors], [1, 1]);
  });

  it('counts a request as in flight until its handler is done, even if the client has disconnected', async () => {
    let finish: (() => void) | undefined;
    await connect(koaOf(() => new Promise<void>((resolve) => (finish = resolve))));
    connection.send(request);
    await until(() => finish !== undefined);
    connection.destroy();
    await connection.ended;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([pipeline.inFlight, lines], [1, []]);
    finish?.();
    await until(() => pipeline.inFlight === 0);
    assert.deepEqual(
      lines.map(({ clientGone }) => clientGone),
      [true],
    );
  });

  for (const body of ['', 'x'])
    it(`ends requests with ${body.length} bytes that are queued behind another when their connection closes`, async () => {
      const finish: (() => void)[] = [];
      await connect(
        koaOf(async (ctx) => {
          ctx.req.resume();
          if (finish.length === 0) await new Promise<void>((resolve) => finish.push(resolve));
        }),
      );
      connection.send(
        `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`.repeat(20),
      );
      await until(() => pipeline.inFlight === 20);
      await new Promise((resolve) => setTimeout(resolve, 50));
      connection.destroy();
      await until(() => lines.length === 19);
      finish.forEach((end) => {
        end();
      });
      await until(() => pipeline.inFlight === 0);
      assert.deepEqual(
        lines.map(({ clientGone }) => clientGone),
        Array.from({ length: 20 }, () => true),
      );
    });

  it('ends pipelined requests once', async () => {
    await connect(
      koaOf(async (ctx) => {
        await new Promise(setImmediate);
        ctx.body = 'ok';
      }),
    );
    connection.send(request.repeat(20));
    await until(() => lines.length === 20);
    connection.destroy();
    await connection.ended;
    assert.deepEqual([pipeline.inFlight, lines.length], [0, 20]);
  });
});
