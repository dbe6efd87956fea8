// Preloaded into every measured server: sends the parent process the resources used, on request.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on('message', (message) => {
  if (message === 'reset') delay.reset();
  const { user, system } = process.cpuUsage();
  process.send?.({
    maxLoopDelayMs: delay.max / 1e6,
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
  });
});
process.channel?.unref();
// The parent process has ended, perhaps by SIGKILL; nothing else would end this process.
process.on('disconnect', () => process.exit());
