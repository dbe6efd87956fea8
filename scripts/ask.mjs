// node ask.mjs METHOD PATH…: sends requests in turn, with the service's token, to the service in the same container, over its
// control socket if it has one. Prints the status and the body of each response in one line; exits with 0 if all are 200,
// otherwise with 1. The image has no curl, and the token must not be an argument, because all users can see arguments.
// node ask.mjs --watchdog: GET /healthcheck; ends a service that accepts connections but does not respond, so that the
// engine's restart policy starts it again.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { clearTimeout, setTimeout } from 'node:timers';

/** In milliseconds. Requests that call AWS take longer; the service limits them to AWS_DEADLINE_MS, 8 s by default. */
const timeoutMs = 3000;
const awsTimeoutMs = 10_000;
/** A service that does not respond to this many requests of the watchdog, each within `hungMs`, is hung. */
const attempts = 3;
const hungMs = 5000;

const [method, ...paths] = process.argv.slice(2);
// Like the service, treats an empty variable as unset.
const { CONTROL_SOCKET: socketPath, HOST, PORT, API_TOKEN, API_TOKEN_FILE } = process.env;
const host = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '::1' }[HOST ?? ''] ?? HOST;
const port = PORT || '8000';

try {
  if (method === '--watchdog') await watch();
  else
    for (const path of paths)
      report(await ask(method, path, /^\/(elb|readiness)/.test(path) ? awsTimeoutMs : timeoutMs));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function report({ status, body }) {
  console.log(`${status} ${body}`);
  if (status !== 200) process.exitCode = 1;
}

async function watch() {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      report(await ask('GET', '/healthcheck', hungMs));
      return;
    } catch (error) {
      if (error.code !== 'ETIMEDOUT') throw error;
    }
  }
  const msg = `the service did not respond to ${attempts} health checks of ${hungMs / 1000} s each and was killed`;
  // The container's log. A health check's own output is in docker inspect only.
  try {
    writeFileSync('/proc/1/fd/1', `${JSON.stringify({ level: 50, time: Date.now(), msg })}\n`);
  } catch {
    // The message is also in the output.
  }
  for (const pid of servicePids()) process.kill(Number(pid), 'SIGKILL');
  throw new Error(msg);
}

/**
 * Returns the processes that run the server.js of this folder. The kernel ignores a SIGKILL that process 1 gets from inside
 * its container, so the container needs --init.
 */
function servicePids() {
  return readdirSync('/proc').filter((pid) => {
    try {
      const isService = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('server.js');
      return isService && readlinkSync(`/proc/${pid}/cwd`) === process.cwd();
    } catch {
      // Not a process, or one that has ended.
      return false;
    }
  });
}

function ask(method, path, timeout) {
  // A local file, read for each request: the service reads it again on SIGHUP.
  const tokens = API_TOKEN_FILE ? readFileSync(API_TOKEN_FILE, 'utf8') : (API_TOKEN ?? '');
  const token = tokens
    .replace(/^\uFEFF/, '')
    .split(/[,\r\n]/, 1)[0]
    .trim();
  const headers = token === '' ? {} : { Authorization: `Basic ${token}` };
  return new Promise((resolve, reject) => {
    const where = socketPath ? { socketPath } : { host, port };
    const outgoing = request({ ...where, method, path, headers, agent: false }, (answer) => {
      let body = '';
      answer.on('data', (part) => (body += part));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    });
    const timer = setTimeout(() => {
      const message = `${method} ${path} got no response within ${timeout / 1000} s`;
      outgoing.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
    }, timeout);
    outgoing.on('error', reject);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.end();
  });
}
