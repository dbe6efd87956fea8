import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogStream } from '../../logger/log-stream.ts';
import { until } from '../support/process.ts';
import { emptyFolder } from '../support/service.ts';

const line = `${'x'.repeat(999)}\n`;

/** Opens a FIFO that is read only on demand. */
function openFifo(writeFlags: number) {
  const path = join(emptyFolder(), 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | writeFlags);
  const buffer = Buffer.alloc(100_000);
  /** Returns the content of the pipe, or '' if it is empty. */
  const read = (): string => {
    try {
      return buffer.toString('utf8', 0, readSync(reader, buffer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
      throw error;
    }
  };
  return { path, reader, writer, read };
}

describe('LogStream', () => {
  for (const [kind, flags] of [
    ['blocking', 0],
    ['non-blocking', constants.O_NONBLOCK],
  ] as const)
    it(`drops and counts lines while the reader of a ${kind} pipe stalls`, async () => {
      const { writer, read } = openFifo(flags);
      const stream = new LogStream(writer);
      let lost = 0;
      stream.onLost = (lines) => (lost += lines);
      for (let n = 0; n < 1500; n += 1) stream.write(line);
      await sleep(10);
      let bytes = 0;
      await until(() => {
        bytes += read().length;
        return lost > 0;
      });
      assert.equal(bytes + read().length, (1500 - lost) * line.length);
      assert.ok(lost >= 499 && lost < 600, `${lost} lines were dropped`);
      assert.equal(stream.dropped, lost);
      assert.equal(await stream.settle(10), true);
    });

  it('settle returns false while a write is blocked', async () => {
    const { writer, read } = openFifo(0);
    const stream = new LogStream(writer);
    for (let n = 0; n < 100; n += 1) stream.write(line);
    await sleep(10);
    assert.equal(await stream.settle(10), false);
    while ((await sleep(5, read())) !== '');
  });

  it('settle returns true for a full non-blocking pipe', async () => {
    const { writer } = openFifo(constants.O_NONBLOCK);
    const stream = new LogStream(writer);
    for (let n = 0; n < 100; n += 1) stream.write(line);
    await sleep(10);
    assert.equal(await stream.settle(10), true);
  });

  it('retries without a new line when a closed pipe has a reader again', async () => {
    const fifo = openFifo(constants.O_NONBLOCK);
    closeSync(fifo.reader);
    const stream = new LogStream(fifo.writer);
    let lost = 0;
    stream.onLost = (lines) => (lost += lines);
    for (let n = 0; n < 1500; n += 1) stream.write(line);
    await sleep(10);
    const reader = openSync(fifo.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(100_000);
    await until(() => {
      try {
        readSync(reader, buffer);
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
      }
      return lost > 0;
    });
    assert.equal(lost, 500);
  });

  it('drops lines while the disk is full', async () => {
    const stream = new LogStream(openSync('/dev/full', 'w'));
    for (let n = 0; n < 1500; n += 1) stream.write(line);
    assert.equal(await stream.settle(1000), true);
  });
});
