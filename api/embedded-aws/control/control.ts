import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../protocol/aws-error.ts';
import { readBody } from '../protocol/read-body.ts';
import { ControlError } from './input.ts';
import { RESOURCES, type ControlDeps, type Operation } from './operations.ts';

/** The prefix of the control API; AWS clients do not use it. */
const PREFIX = '/_control';
const MAX_BODY = 10 * 1024 * 1024;

/** Returns true if a URL belongs to the control API. */
export function isControl(url: string): boolean {
  return /^\/_control(?:[/?]|$)/.test(url);
}

/** Responds to a control request in JSON. Throws the errors of the connection. */
export async function handleControl(deps: ControlDeps, request: IncomingMessage, response: ServerResponse) {
  const body = await readBody(request, MAX_BODY);
  try {
    const { operation, name } = route(request);
    send(response, 200, operation(deps, parse(body), name));
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof AwsError)) throw error;
    const status = error instanceof AwsError && error.code.includes('NotFound') ? 404 : error.status;
    send(response, status, { message: error.message });
  }
}

function route({ url = '', method = '' }: IncomingMessage): { operation: Operation; name: string } {
  const [path = ''] = url.slice(PREFIX.length).split('?', 1);
  const [, collection = '', name = ''] = /^(\/[^/]+)\/([^/]+)$/.exec(path) ?? [];
  const resource = RESOURCES[name === '' ? path : `${collection}/*`];
  if (!resource) {
    throw new ControlError(
      `There is no such control path; the control paths are: ${listCalls().join(', ')}.`,
      404,
    );
  }
  const operation = resource[method];
  if (operation) return { operation, name };
  throw new ControlError(`This control path supports ${Object.keys(resource).join(', ')}.`, 405);
}

function listCalls(): string[] {
  return Object.entries(RESOURCES).map(
    ([path, operations]) => `${Object.keys(operations).join('|')} ${PREFIX}${path.replace('*', '{name}')}`,
  );
}

/** Returns the control operations, one per line, for --help. */
export function controlCalls(): string {
  return listCalls()
    .map((call) => `  ${call}`)
    .join('\n');
}

function parse(body: string | undefined): unknown {
  if (body === undefined) throw new ControlError(`The body is larger than ${MAX_BODY} bytes.`, 413);
  if (body === '') return {};
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new ControlError('The body must be JSON.');
  }
}

function send(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(content)}\n`);
}
