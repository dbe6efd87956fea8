// node ask.mjs METHOD PATH: sends a request to the service in the same container, over its control socket if it has one.
// Prints the answer's body; exits with 0 on 200, else with 1. The image has no curl.
import { request } from 'node:http';

const [method, path] = process.argv.slice(2);
// Like the service, treats an empty variable as unset.
const { CONTROL_SOCKET: socketPath, HOST, PORT } = process.env;
const host = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '::1' }[HOST ?? ''] ?? HOST;
const port = PORT || '8000';

request({ ...(socketPath ? { socketPath } : { host, port }), method, path, timeout: 2500 }, (answer) => {
  answer.pipe(process.stdout);
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
})
  .on('timeout', fail)
  .on('error', fail)
  .end();

function fail(error) {
  console.error(error?.message ?? 'no response in time');
  process.exit(1);
}
