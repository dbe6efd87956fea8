// A fast implementation with a framework: Fastify 5, a header check, a response schema, no log.
import Fastify from 'fastify';

const { headers, body, authorization } = JSON.parse(process.env.ANSWER);
const { 'content-type': type, ...others } = headers;
delete others['content-length'];
const { message } = JSON.parse(body);
const machine = {
  type: 'object',
  properties: {
    instanceId: { type: 'string' },
    instanceType: { type: 'string' },
    launchDate: { type: 'string' },
  },
};
const schema = {
  response: { 200: { type: 'object', properties: { message: { type: 'array', items: machine } } } },
};

const app = Fastify({ logger: false });
app.get('/elb/:elbName', { schema }, async (request, reply) => {
  if (request.headers.authorization !== authorization) return reply.code(401).send({ message: [] });
  reply.headers(others).type(type);
  return { message };
});
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(JSON.stringify({ msg: 'listening', port: app.server.address().port }));
