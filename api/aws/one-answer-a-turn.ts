import type { DeserializeHandler } from '@smithy/types';

interface Answer {
  body?: unknown;
}

/**
 * Reading an answer's XML holds the event loop: 640 KB of instances for tens of milliseconds. Answers that arrive
 * together would hold it for the sum, so each is taken in whole first, and then they are read one a turn of the loop.
 */
export function oneAnswerATurn(): <I extends object, O extends object>(
  next: DeserializeHandler<I, O>,
) => DeserializeHandler<I, O> {
  let last: Promise<void> = Promise.resolve();
  return (next) => async (args) => {
    const result = await next(args);
    const answer = result.response as Answer;
    if (isStream(answer.body)) answer.body = await readWhole(answer.body);
    const turn = last.then(nextTurn);
    last = turn;
    await turn;
    return result;
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

async function readWhole(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
