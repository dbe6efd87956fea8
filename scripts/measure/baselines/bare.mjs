// The minimum for a Node.js server: the same headers and bytes for every request.
import { createServer } from 'node:http';

const { headers, body } = JSON.parse(process.env.ANSWER);
const pairs = Object.entries(headers).flat();
const bytes = Buffer.from(body);
const server = createServer((_request, response) => {
  response.writeHead(200, pairs);
  response.end(bytes);
});
server.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ msg: 'listening', port: server.address().port })),
);
