import type { AwsLedger, AwsTrace } from '../telemetry.ts';
import { type AwsRequest, callAws, type Command } from './aws-caller.ts';
import { emptyElement, readXml, type XmlElement } from './xml-document.ts';

interface Answer {
  readonly response: { readonly statusCode: number; body: AsyncIterable<Uint8Array> | Uint8Array };
}

/** A call, and the names of the elements that its answer is read for; all of them without it. */
type DocumentRequest = AwsRequest & { readonly keep?: ReadonlySet<string> };

/**
 * As `callAws`, but returns the answer's document, read piece by piece. The SDK reads an answer in one go, and holds the
 * event loop for that: 400 load balancers (1 MB of XML) for 70 ms once its code is warm and 250 ms before. Everything
 * else, errors too, stays the SDK's.
 */
export async function callAwsForDocument(
  command: Command,
  request: DocumentRequest,
  trace: AwsTrace,
  ledger: AwsLedger,
  send: Parameters<typeof callAws>[4],
): Promise<XmlElement> {
  let document = emptyElement();
  command.middlewareStack.add(
    (next) => async (args) => {
      const answer = (await next(args)) as Answer;
      const { response } = answer;
      if (response.statusCode < 300 && Symbol.asyncIterator in response.body) {
        document = await readXml(response.body, request.keep);
        response.body = new Uint8Array();
      }
      return answer;
    },
    { step: 'deserialize', name: 'document', priority: 'low' },
  );
  await callAws(command, request, trace, ledger, send);
  return document;
}
