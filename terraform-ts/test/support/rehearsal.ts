import type { Block, Synthesized } from './synthesized';

const reference = /(?:data\.)?(aws_\w+)\.([\w-]+)(?:\.(\w+))?/g;
/** What AWS answers with a list. */
const lists = new Set(['ids', 'public_ips', 'private_ips']);

/**
 * Returns the JSON with each resource and data source as a terraform_data of its own, which holds what it was given and
 * stand-ins for what AWS would answer.
 */
export function rehearsal(json: Synthesized['json']): object {
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
      // Which attributes an apply ignores, those of a stand-in do not have.
      const given = { ...block, lifecycle: undefined };
      const answers = [...(asked.get(key) ?? [])].map((attribute) => [
        attribute,
        lists.has(attribute) ? ['stand-in-1', 'stand-in-2'] : `${attribute}.stand-in`,
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

function name(type: string, id: string): string {
  return `${type}--${id}`;
}

/** With references that point at the stand-ins. */
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
