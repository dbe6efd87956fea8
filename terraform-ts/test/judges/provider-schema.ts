import { readFileSync } from 'node:fs';
import type { Block } from '../support/synthesized';

/** The parts of a jsii assembly that are read here (github.com/aws/jsii, packages/@jsii/spec). */
interface JsiiType {
  readonly primitive?: string;
  readonly fqn?: string;
  readonly collection?: { readonly kind: 'array' | 'map'; readonly elementtype: JsiiType };
  readonly union?: { readonly types: readonly JsiiType[] };
}
interface JsiiProperty {
  readonly name: string;
  readonly optional?: boolean;
  readonly type: JsiiType;
  readonly docs?: { readonly summary?: string; readonly remarks?: string };
}
interface JsiiInterface {
  readonly fqn: string;
  readonly kind: string;
  readonly interfaces?: readonly string[];
  readonly properties?: readonly JsiiProperty[];
}

/** Arguments that Terraform itself adds to each resource and data source. */
const metaArguments = new Set(['depends_on', 'lifecycle', 'provider', 'count', 'for_each']);
/** The link in the docs of each argument: …/6.25.0/docs/resources/elb#lb_port Elb#lb_port, or …/docs#region AwsProvider#region. */
const link = /\/docs(?:\/(resources|data-sources)\/(\w+))?#(\w+) /;
const expression = /^\$\{[^]*\}$/;
const reference = /(data\.)?aws_(\w+)\.([\w-]+)((?:\[[^\]]*\]|\.\w+)*)/g;

/** The arguments and attributes of the AWS provider, as the bindings that are generated from its schema state them. */
export class ProviderSchema {
  readonly version: string;
  private readonly types: Readonly<Record<string, JsiiInterface>>;
  /** Type of Terraform, such as resources/elb, to the interface of its arguments. */
  private readonly configs = new Map<string, JsiiInterface>();

  /** Reads a jsii assembly. */
  constructor(path: string) {
    const assembly = JSON.parse(readFileSync(path, 'utf8')) as { types: Record<string, JsiiInterface> };
    this.types = assembly.types;
    let version = '';
    for (const type of Object.values(assembly.types)) {
      if (type.fqn.endsWith('.AwsProviderConfig')) this.configs.set('provider', type);
      if (!type.interfaces?.some((name) => name.endsWith('.TerraformMetaArguments'))) continue;
      for (const { docs } of type.properties ?? []) {
        const [, kind, name] = link.exec(text(docs)) ?? [];
        if (kind === undefined || name === undefined) continue;
        this.configs.set(`${kind}/${name}`, type);
        version ||= /providers\/hashicorp\/aws\/([\d.]+)\//.exec(text(docs))?.[1] ?? '';
        break;
      }
    }
    this.version = version;
  }

  /** Returns a sentence for each unknown argument, missing argument, wrong type and unknown attribute in the JSON of a stack. */
  faults(json: { resource: Blocks; data: Blocks; provider?: Record<string, Block[]> }): string[] {
    const faults: string[] = [];
    const provider = this.configs.get('provider');
    if (provider === undefined) throw new Error('The assembly has no AwsProviderConfig; find its new name.');
    for (const each of json.provider?.['aws'] ?? []) this.checkBlock(each, provider, 'provider', faults);
    for (const [kind, blocks] of [
      ['resources', json.resource],
      ['data-sources', json.data],
    ] as const) {
      for (const [type, named] of Object.entries(blocks)) {
        // Terraform's own type.
        if (type === 'terraform_data') continue;
        const config = this.configs.get(`${kind}/${type.replace('aws_', '')}`);
        for (const [id, block] of Object.entries(named)) {
          const path = `${type}.${id}`;
          if (config === undefined) {
            faults.push(`${path}: the provider has no such type`);
            continue;
          }
          const own = Object.fromEntries(Object.entries(block).filter(([name]) => !metaArguments.has(name)));
          this.checkBlock(own, config, path, faults);
          const { ignore_changes = [] } = (block['lifecycle'] ?? {}) as { ignore_changes?: string[] };
          for (const each of ignore_changes)
            if (!this.attribute(config, /^\w*/.exec(each)?.[0] ?? ''))
              faults.push(`${path}.lifecycle: ignores the unknown ${each}`);
        }
      }
    }
    this.checkReferences(json, faults);
    return faults;
  }

  private checkBlock(value: unknown, type: JsiiInterface, path: string, faults: string[]): void {
    if (typeof value === 'string' && expression.test(value)) return;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      faults.push(`${path}: ${shown(value)} is not a block`);
      return;
    }
    const properties = new Map((type.properties ?? []).map((each) => [argumentName(each), each]));
    for (const [name, given] of Object.entries(value)) {
      const property = properties.get(name);
      if (property === undefined) faults.push(`${path}: ${name} is unknown`);
      else this.checkValue(given, property.type, `${path}.${name}`, faults);
    }
    for (const [name, { optional }] of properties)
      if (!optional && (value as Block)[name] === undefined) faults.push(`${path}: ${name} is missing`);
  }

  private checkValue(value: unknown, type: JsiiType, path: string, faults: string[]): void {
    if (typeof value === 'string' && expression.test(value)) return;
    if (type.union) {
      const [only, ...others] = type.union.types.filter(({ fqn }) => !fqn?.endsWith('.IResolvable'));
      if (only === undefined || others.length > 0) throw new Error(`${path}: cannot judge this type`);
      this.checkValue(value, only, path, faults);
    } else if (type.collection?.kind === 'array') {
      if (!Array.isArray(value)) faults.push(`${path}: ${shown(value)} is not a list`);
      else
        value.forEach((each, at) => {
          this.checkValue(each, type.collection?.elementtype ?? {}, `${path}[${at}]`, faults);
        });
    } else if (type.collection) {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        faults.push(`${path}: ${shown(value)} is not a map`);
      else
        for (const [key, each] of Object.entries(value))
          this.checkValue(each, type.collection.elementtype, `${path}.${key}`, faults);
    } else if (type.fqn !== undefined) {
      const block = this.types[type.fqn];
      if (block?.kind !== 'interface') throw new Error(`${path}: cannot judge ${type.fqn}`);
      this.checkBlock(value, block, path, faults);
    } else if (type.primitive !== 'any' && typeof value !== type.primitive) {
      faults.push(`${path}: ${shown(value)} is not a ${String(type.primitive)}`);
    }
  }

  /** Checks the attribute of each reference in the text; `${aws_vpc.main.id}` has the attribute id. */
  private checkReferences(json: object, faults: string[]): void {
    const seen = new Set<string>();
    JSON.stringify(json).replaceAll(reference, (whole, data: string | undefined, type, id, rest: string) => {
      const config = this.configs.get(`${data === undefined ? 'resources' : 'data-sources'}/${String(type)}`);
      const attribute = /^(?:\[[^\]]*\])?\.(\w+)/.exec(rest)?.[1];
      if (config && attribute !== undefined && !this.attribute(config, attribute) && !seen.has(whole)) {
        seen.add(whole);
        faults.push(`${data ?? ''}aws_${String(type)}.${String(id)}: the attribute ${attribute} is unknown`);
      }
      return whole;
    });
  }

  /** Returns true if the class beside the interface of arguments has the property. */
  private attribute(config: JsiiInterface, name: string): boolean {
    const camelCase = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const properties = this.types[config.fqn.replace(/Config$/, '')]?.properties ?? [];
    return properties.some((each) => each.name === camelCase || each.name === `${camelCase}Attribute`);
  }
}

type Blocks = Readonly<Record<string, Readonly<Record<string, Block>>>>;

function text(docs: JsiiProperty['docs']): string {
  return `${docs?.summary ?? ''} ${docs?.remarks ?? ''}`;
}

function argumentName({ name, docs }: JsiiProperty): string {
  return link.exec(text(docs))?.[3] ?? name;
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}
