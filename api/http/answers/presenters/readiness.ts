export interface DependencyState {
  readonly name: string;
  /** The message of the failed check; undefined if the dependency can be reached. */
  readonly failure: string | undefined;
}

export interface Readiness {
  readonly ready: boolean;
  readonly dependencies: readonly object[];
}

/**
 * Returns whether all dependencies can be reached, and the state of each dependency. The result has no envelope,
 * because it is not part of the API.
 */
export function presentReadiness(states: readonly DependencyState[]): Readiness {
  return {
    ready: states.every(({ failure }) => failure === undefined),
    dependencies: states.map(({ name, failure }) => ({
      name,
      reachable: failure === undefined,
      ...(failure !== undefined && { message: failure }),
    })),
  };
}
