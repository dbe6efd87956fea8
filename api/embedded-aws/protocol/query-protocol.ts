import { randomUUID } from 'node:crypto';
import Builder from 'fast-xml-builder';
import { AwsError, type Service } from './aws-error.ts';

/** The namespaces and versions of the query protocols (from the service models). */
const PROTOCOLS = {
  elb: { version: '2012-06-01', xmlns: 'http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/' },
  ec2: { version: '2016-11-15', xmlns: 'http://ec2.amazonaws.com/doc/2016-11-15/' },
} as const;

const builder = new Builder({ suppressEmptyNode: true });

/** Returns an XML fragment with one element for each property and each array entry. Omits undefined values. */
export function xml(content: object): string {
  return builder.build(content);
}

export interface Answer {
  readonly status: number;
  readonly requestId: string;
  readonly body: string;
}

/** Returns a successful response. `content` is the XML inside its result. */
export function successAnswer(service: Service, action: string, content: string): Answer {
  const requestId = randomUUID();
  const inner =
    service === 'elb'
      ? `<${action}Result>${content}</${action}Result>` +
        `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
      : `<requestId>${requestId}</requestId>${content}`;
  const { xmlns } = PROTOCOLS[service];
  return {
    status: 200,
    requestId,
    body: declared(`<${action}Response xmlns="${xmlns}">${inner}</${action}Response>`),
  };
}

/** Returns an error response (EC2 API reference, "Errors"; ELB API reference, "Common errors"). */
export function errorAnswer(service: Service, error: AwsError): Answer {
  const requestId = randomUUID();
  const { code: Code, message: Message, status } = error;
  const Type = status >= 500 ? 'Receiver' : 'Sender';
  const body =
    service === 'elb'
      ? `<ErrorResponse xmlns="${PROTOCOLS.elb.xmlns}">${xml({ Error: { Type, Code, Message }, RequestId: requestId })}</ErrorResponse>`
      : xml({ Response: { Errors: { Error: { Code, Message } }, RequestID: requestId } });
  return { status, requestId, body: declared(body) };
}

function declared(document: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${document}`;
}

export class Query {
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  /** Returns a parameter, or undefined if it is missing or empty. */
  get(name: string): string | undefined {
    const value = this.#parameters.get(name);
    return value === null || value === '' ? undefined : value;
  }

  /** Returns the values of `prefix.1suffix`, `prefix.2suffix` and so on, ordered by number. */
  list(prefix: string, suffix = ''): readonly string[] {
    return this.numbers(prefix).flatMap((n) => this.get(`${prefix}.${n}${suffix}`) ?? []);
  }

  /** Returns the unique numbers after `prefix.`, in ascending order. */
  numbers(prefix: string): readonly number[] {
    const start = `${prefix}.`;
    const numbers = new Set<number>();
    for (const key of this.#parameters.keys()) {
      if (key.startsWith(start)) numbers.add(Number.parseInt(key.slice(start.length), 10));
    }
    return [...numbers].filter((n) => n > 0).sort((a, b) => a - b);
  }
}

/** The service of a call, and the region in its signature. */
export interface Scope {
  readonly service: Service;
  readonly region: string | undefined;
}

/**
 * Returns the credential scope from the Authorization header or from a presigned query. Signatures are not verified. If
 * there is no scope, `Version` determines the service, so that the error has the correct format.
 * @throws AwsError in the ELB format for other services
 */
export function readScope(query: Query, authorization: string | undefined): Scope {
  const credential = /Credential=([^,\s]+)/.exec(authorization ?? '')?.[1] ?? query.get('X-Amz-Credential');
  const [, , region, service] = credential?.split('/') ?? [];
  if (service === undefined)
    return { service: query.get('Version') === PROTOCOLS.ec2.version ? 'ec2' : 'elb', region };
  if (service === 'ec2') return { service, region };
  if (service === 'elasticloadbalancing') return { service: 'elb', region };
  const supported = 'The embedded AWS supports elasticloadbalancing and ec2';
  throw new AwsError('UnknownService', `${supported}; the request is signed for '${service}'.`);
}

/** @throws AwsError if the call is unsigned, for another region, without an action or for another version */
export function readAction(query: Query, { service, region }: Scope, ourRegion: string): string {
  if (region === undefined) {
    throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  if (region !== ourRegion) {
    const message = `Credential should be scoped to a valid region, not '${region}'.`;
    throw new AwsError('SignatureDoesNotMatch', `${message} The region of the embedded AWS is ${ourRegion}.`);
  }
  const action = query.get('Action');
  if (action === undefined)
    throw new AwsError('MissingAction', 'The request must contain the parameter Action.');
  const version = query.get('Version');
  if (version !== PROTOCOLS[service].version) {
    if (service === 'elb') throw unknownAction(service, action, version);
    const message = `The requested version (${version ?? ''}) of service AmazonEC2 does not exist`;
    throw new AwsError('NoSuchVersion', message);
  }
  return action;
}

/** Returns the error for an unsupported action. */
export function unknownAction(service: Service, action: string, version = ''): AwsError {
  return new AwsError(
    'InvalidAction',
    service === 'elb'
      ? `Could not find operation ${action} for version ${version || 'NO_VERSION_SPECIFIED'}`
      : `The action ${action} is not valid for this web service.`,
  );
}
