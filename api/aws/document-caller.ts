import type { AwsLedger, AwsTrace } from '../telemetry.ts';
import { type AwsRequest, callAws, type Command } from './aws-caller.ts';
import { readXml, type XmlElement } from './xml-document.ts';

interface Answer {
  readonly response: { readonly statusCode: number; body: AsyncIterable<Uint8Array> | Uint8Array };
}

/**
 * As `callAws`, but returns the answer's document, read piece by piece. The SDK reads an answer in one go, and holds the
 * event loop for that: 400 load balancers (1 MB of XML) for 70 ms once its code is warm and 250 ms before. Everything
 * else, errors too, stays the SDK's.
 */
export async function callAwsForDocument(
  command: Command,
  request: AwsRequest,
  trace: AwsTrace,
  ledger: AwsLedger,
  send: Parameters<typeof callAws>[4],
): Promise<XmlElement> {
  let document: XmlElement = { name: '', children: [], text: '' };
  command.middlewareStack.add(
    (next) => async (args) => {
      const answer = (await next(args)) as Answer;
      const { response } = answer;
      if (response.statusCode < 300 && Symbol.asyncIterator in response.body) {
        document = await readXml(response.body);
        response.body = new Uint8Array();
      }
      return answer;
    },
    { step: 'deserialize', name: 'document', priority: 'low' },
  );
  await callAws(command, request, trace, ledger, send);
  return document;
}
