import getRawBody from 'raw-body';
import { DomainError } from '../../errors.ts';
import { type InstanceId, parseInstanceId } from '../../load-balancers/instance.ts';
import type { AppContext } from '../context.ts';
import { type Parameter, parameterLike } from './parameters.ts';
import { shorten } from './shorten.ts';

/** The maximum size of a body, in bytes. A typical body has about 40 bytes. */
export const bodyLimit = 16 * 1024;

/**
 * Returns the instance id in the JSON body, regardless of the Content-Type. Throws `wrong_data_format` if the body
 * contains no valid id, `payload_too_large` if the body is larger than `bodyLimit`, and `unsupported_encoding` if it is
 * compressed.
 */
export async function readInstanceId(ctx: AppContext): Promise<InstanceId> {
  const body = await readJson(ctx, oneExpected);
  if (body === undefined) throw wrongData('the body is empty');
  return instanceIdIn(body);
}

/**
 * Like `readInstanceId`, but also accepts `?instanceId=` instead of the body, because some clients drop the body of a
 * DELETE. For an omitted body, generated clients send `null` (Go) or `{}` (Java).
 */
export async function readInstanceIdOrQuery(ctx: AppContext): Promise<InstanceId> {
  const body = await readJson(ctx, oneExpected);
  const named = body === undefined || Object.keys(body).length === 0 ? undefined : body;
  const query = ctx.query['instanceId'];
  if (query === undefined) {
    if (named === undefined) throw wrongData('the body is empty and the query has no instanceId');
    return instanceIdIn(named);
  }
  const instanceId = instanceIdOf(query, 'the query parameter instanceId');
  if (named !== undefined && instanceIdIn(named) !== instanceId) {
    throw wrongData('the body and the query parameter instanceId contain different instance ids');
  }
  return instanceId;
}

const maxInstances = 100;

/**
 * Returns the entries of a JSON body `{"instanceIds": […]}` in order, as short strings that are not necessarily
 * instance ids. Throws `wrong_data_format` for any other body, and for 0 or more than 100 entries. Also throws the
 * other errors of `readInstanceId`.
 */
export async function readInstanceIds(ctx: AppContext): Promise<string[]> {
  const body = await readJson(ctx, manyExpected);
  if (body === undefined) throw wrongData('the body is empty', manyExpected);
  const { instanceIds } = body as { instanceIds?: unknown };
  if (!Array.isArray(instanceIds)) throw wrongData('instanceIds is missing or is not a list', manyExpected);
  if (instanceIds.length < 1 || instanceIds.length > maxInstances)
    throw wrongData(`instanceIds has ${instanceIds.length} entries`, manyExpected);
  return instanceIds.map(shown);
}

/**
 * Returns the value as a short string. Does not use JSON.stringify, which would recurse into up to 16 KiB of brackets.
 */
function shown(value: unknown): string {
  if (Array.isArray(value)) return '[…]';
  return typeof value === 'object' && value !== null ? '{…}' : shorten(String(value));
}

async function readBody(ctx: AppContext): Promise<string> {
  const encoding = ctx.get('Content-Encoding').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'identity') {
    throw new DomainError('unsupported_encoding', `the body has Content-Encoding: ${shorten(encoding)}`, {
      advice: 'send it without compression and without Content-Encoding',
    });
  }
  let bytes: Buffer;
  try {
    bytes = await getRawBody(ctx.req, { limit: bodyLimit, length: ctx.get('Content-Length') || null });
  } catch (cause) {
    throw bodyError(cause);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    throw wrongData('the body is not UTF-8');
  }
}

/** Converts an error from raw-body according to its `type` (raw-body README, "Errors"). */
function bodyError(cause: unknown): DomainError {
  if ((cause as { type?: string }).type === 'entity.too.large') {
    return new DomainError('payload_too_large', `the body is larger than ${bodyLimit} bytes`, {
      advice: 'send only {"instanceId": "i-…"}',
    });
  }
  return new DomainError('malformed_request', 'the body is incomplete', {
    advice: 'send it again',
    cause,
  });
}

function instanceIdIn(body: object): InstanceId {
  if (!('instanceId' in body)) throw wrongData('instanceId is missing');
  return instanceIdOf(body.instanceId, 'instanceId');
}

/** Returns the JSON object of the body, or undefined for an empty body and for `null`. */
async function readJson(ctx: AppContext, expected: string): Promise<object | undefined> {
  const text = await readBody(ctx);
  if (text === '') return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw wrongData('the body is not JSON', expected);
  }
  if (body === null) return undefined;
  if (typeof body !== 'object' || Array.isArray(body))
    throw wrongData('the body is not a JSON object', expected);
  refuseParameters(body);
  return body;
}

/**
 * Query parameters that are rejected in the body, because the service would ignore them and make the change. The
 * contract allows other fields.
 */
const queryOnly: readonly Parameter[] = ['dryRun', 'force', 'timeout', 'wait'];

function refuseParameters(body: object): void {
  for (const name of Object.keys(body)) {
    const parameter = parameterLike(name);
    if (parameter !== undefined && queryOnly.includes(parameter))
      throw wrongData(`the body has ${name}`, `send ${parameter} in the query: ?${parameter}=…`);
  }
}

function instanceIdOf(value: unknown, what: string): InstanceId {
  if (typeof value !== 'string') throw wrongData(`${what} is not a single string`);
  const instanceId = parseInstanceId(value);
  if (instanceId === undefined) throw wrongData(`${what} "${shorten(value)}" is not an instance id`);
  return instanceId;
}

const oneExpected = 'send {"instanceId": "i-…"}, with 8 or 17 lower-case hex digits after i-';
const manyExpected = `send {"instanceIds": ["i-…", …]} with 1 to ${maxInstances} ids`;

function wrongData(what: string, advice = oneExpected): DomainError {
  return new DomainError('wrong_data_format', `wrong data format: ${what}`, { advice });
}
