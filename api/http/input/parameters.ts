import { editDistance } from '../../edit-distance.ts';

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

/**
 * Returns the parameter with this name; ignores case, hyphens and underscores. Returns undefined if there is no such
 * parameter.
 */
export function parameterLike(name: string): Parameter | undefined {
  const plain = normalized(name);
  return parameters.find((parameter) => normalized(parameter) === plain);
}

/**
 * Returns the candidate with the smallest edit distance. Returns undefined if that distance is more than half of the
 * candidate's length.
 */
export function nearest<T extends string>(text: string, candidates: readonly T[]): T | undefined {
  if (text.length > 32) return undefined;
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(normalized(text), normalized(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= best.candidate.length / 2 ? best.candidate : undefined;
}

function normalized(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
