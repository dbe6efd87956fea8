import type { Block, Synthesized } from './synthesized';

const reference = /(?:data\.)?(aws_\w+|terraform_data)\.([\w-]+)(?:\.(\w+))?/g;
/** Attributes that are lists. */
const lists = new Set(['ids', 'names', 'public_ips', 'private_ips']);

/**
 * Returns the JSON with each resource and data source replaced by a terraform_data resource, which contains the original
 * arguments and fake values for the attributes that AWS would return. Without `publicAddresses`, hosts have private
 * addresses only, as in a private subnet.
 */
export function rehearsal(json: Synthesized['json'], { publicAddresses = true } = {}): object {
  const stands: Record<string, Block> = {};
  const asked = new Map<string, Set<string>>();
  JSON.stringify(json).replaceAll(reference, (_, type: string, id: string, attribute?: string) => {
    const key = name(type, id);
    if (attribute !== undefined) asked.set(key, (asked.get(key) ?? new Set()).add(attribute));
    return '';
  });
  for (const [type, named] of [...Object.entries(json.data), ...Object.entries(json.resource)]) {
    for (const [id, { depends_on, ...block }] of Object.entries(named)) {
      const key = name(type, id);
      // terraform_data does not have the attributes in ignore_changes.
      const given = { ...block, lifecycle: undefined };
      const answers = [...(asked.get(key) ?? [])].map((attribute) => [
        attribute,
        standIn(attribute, publicAddresses),
      ]);
      stands[key] = {
        input: renamed({ ...Object.fromEntries(answers), ...given }),
        ...(depends_on !== undefined && {
          depends_on: (depends_on as string[]).map((each) =>
            each.replace(reference, (__, t: string, i: string) => `terraform_data.${name(t, i)}`),
          ),
        }),
      };
    }
  }
  return { resource: { terraform_data: stands }, output: renamed(json.output) };
}

function standIn(attribute: string, publicAddresses: boolean): number | string | string[] {
  if (attribute === 'default_vcpus') return 2;
  if (attribute === 'public_ips' && !publicAddresses) return [];
  if (attribute === 'public_ip' && !publicAddresses) return '';
  return lists.has(attribute) ? [`${attribute}-1`, `${attribute}-2`] : `${attribute}.stand-in`;
}

function name(type: string, id: string): string {
  return `${type}--${id}`;
}

/** Returns the value with references to the terraform_data resources. */
function renamed(value: unknown): unknown {
  const text = JSON.stringify(value).replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, (expression) =>
    expression.replaceAll(
      reference,
      (_, type: string, id: string, attribute?: string) =>
        `terraform_data.${name(type, id)}.output${attribute === undefined ? '' : `.${attribute}`}`,
    ),
  );
  return JSON.parse(text);
}
