/** The query parameters of all routes. */
export const parameters = [
  'cursor',
  'dryRun',
  'force',
  'health',
  'instanceId',
  'limit',
  'name',
  'timeout',
  'wait',
] as const;

export type Parameter = (typeof parameters)[number];

/** Returns the parameter with this name, ignoring case, hyphens and underscores; undefined if there is none. */
export function parameterLike(name: string): Parameter | undefined {
  const plain = normalized(name);
  return parameters.find((parameter) => normalized(parameter) === plain);
}

/** Returns the candidate with the smallest edit distance; undefined if that is over half of its length. */
export function nearest<T extends string>(text: string, candidates: readonly T[]): T | undefined {
  if (text.length > 32) return undefined;
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editsBetween(normalized(text), normalized(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= best.candidate.length / 2 ? best.candidate : undefined;
}

function normalized(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** Returns the Levenshtein distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
