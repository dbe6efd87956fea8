import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

/** An object in a Swagger 2.0 document, with the properties that the tests read. */
type Node<T> = Readonly<Partial<T>> & Readonly<Record<string, unknown>>;

export type SchemaObject = Node<{ $ref: string; type: string; required: string[]; properties: object }>;
export type ParameterObject = Node<{ $ref: string; name: string; in: string; required: boolean }>;
export type HeaderObject = Node<{ type: string; enum: string[] }>;
export type ResponseObject = Node<{
  $ref: string;
  description: string;
  schema: SchemaObject;
  headers: Record<string, HeaderObject>;
  examples: Record<string, unknown>;
}>;
export type OperationObject = Node<{
  security: unknown;
  parameters: ParameterObject[];
  responses: Record<string, ResponseObject>;
}>;
/** The operations by method in lower case, and their shared parameters. */
export type PathItem = Readonly<Partial<Record<string, OperationObject | ParameterObject[]>>>;
export type SwaggerDocument = Node<{
  paths: Record<string, PathItem>;
  definitions: Record<string, SchemaObject>;
  responses: Record<string, ResponseObject>;
  security: unknown;
  securityDefinitions: unknown;
}>;

/** The routes of the documentation pages. */
export const pageRoutes: readonly string[] = [
  'GET /docs',
  'GET /docs/favicon-32x32.png',
  'GET /docs/start.js',
  'GET /docs/swagger-ui-bundle.js',
  'GET /docs/swagger-ui.css',
  'GET /swagger.yaml',
];

/** The routes that swagger.yaml does not declare: the documentation pages, and the metrics in the Prometheus format. */
export const undocumentedRoutes: readonly string[] = [...pageRoutes, 'GET /metrics'];

/** The methods that a path item can contain (Swagger 2.0, "Path Item Object"). */
const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch']);

/** Returns the text of the committed swagger.yaml. */
export function swaggerText(): string {
  return readFileSync(new URL('../../../swagger.yaml', import.meta.url), 'utf8');
}

/** Returns a fresh copy of the committed swagger.yaml. */
export function readSwagger(): SwaggerDocument {
  return load(swaggerText()) as SwaggerDocument;
}

/** Returns a fresh copy of the contract that clients rely on. */
export function readContract(): SwaggerDocument {
  return load(readFileSync(new URL('swagger-file.yaml', import.meta.url), 'utf8')) as SwaggerDocument;
}

/** Returns the operations of a path, by method in lower case. */
export function operationsOf(path: PathItem): [method: string, operation: OperationObject][] {
  return Object.entries(path).filter(([key]) => methods.has(key)) as [string, OperationObject][];
}

/** Returns the target of the `$ref` of the node, or the node itself if it has no `$ref`. */
export function resolve<T extends { readonly $ref?: string }>(document: SwaggerDocument, node: T): T {
  if (node.$ref === undefined) return node;
  const steps = node.$ref
    .replace(/^#\//, '')
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce<unknown>(
    (at, step) => (at as Record<string, unknown> | undefined)?.[step],
    document,
  ) as T;
}

/** Returns the node with each `$ref` replaced by its target. Definitions must not be recursive. */
export function dereference<T>(document: SwaggerDocument, node: T): T {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((item: unknown) => dereference(document, item)) as T;
  const entries = Object.entries(resolve(document, node as { $ref?: string }));
  return Object.fromEntries(entries.map(([key, value]) => [key, dereference(document, value)])) as T;
}
