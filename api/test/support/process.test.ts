import assert from 'node:assert/strict';
import { run, start, startServer } from './process.ts';

const shell = (script: string) => start('sh', ['-c', script]);

describe('A started process', () => {
  it('throws its output if it ends before it prints the awaited text', async () => {
    await assert.rejects(shell('echo one; echo two >&2; exit 3').printed(/three/), {
      message: /^sh ended with 3:\n(one\ntwo|two\none)\n$/,
    });
  });

  it('returns the awaited text also if it has ended since', async () => {
    const program = shell('echo port 8000');
    await program.finished;
    assert.equal((await program.printed(/port (\d+)/))[1], '8000');
  });

  it('returns the signal that ended it, and each stream', async () => {
    const program = shell('echo out; echo err >&2; exec sleep 60');
    await program.printed(/out\n/);
    await program.printed(/err\n/);
    const { code, signal, stdout, stderr } = await program.stop();
    assert.deepEqual(
      { code, signal, stdout, stderr },
      { code: null, signal: 'SIGTERM', stdout: 'out\n', stderr: 'err\n' },
    );
  });

  it('gets only PATH of the environment if it is isolated', async () => {
    const variables = await run('env', [], { ONE: '1' }, { isolated: true });
    const names = variables.split('\n').map((line) => line.split('=')[0]);
    assert.deepEqual(names.filter((name) => name !== 'NODE_V8_COVERAGE').sort(), ['ONE', 'PATH']);
  });
});

describe('run', () => {
  it('throws all output unless the exit code is 0', async () => {
    await assert.rejects(run('sh', ['-c', 'echo why >&2; exit 1']), { message: /ended with 1:\nwhy\n$/ });
  });
});

describe('startServer', () => {
  it('throws the output of a server that exits', async () => {
    await assert.rejects(
      startServer('sh', () => ['-c', 'echo the port is taken; exit 1'], '/'),
      /the port is taken/,
    );
  });
});
