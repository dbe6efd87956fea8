/** How much may be asked, and who made somebody wait since the process started. */
export interface BudgetState {
  readonly name: string;
  /** Undefined where there is no limit of ours. */
  readonly perSecond: number | undefined;
  /** Calls that may be made at once. */
  readonly left: number | undefined;
  /** Who waits for a turn now. */
  readonly waiting: number;
  readonly heldUpByUs: DelayedCalls;
  readonly heldUpByAws: DelayedCalls;
}

export interface DelayedCalls {
  /** Calls that had to wait, or were not made. */
  readonly calls: number;
  readonly last: Date | undefined;
}
