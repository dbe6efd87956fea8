/** The state of a call budget, with counts since the process started. */
export interface BudgetState {
  readonly name: string;
  /** Undefined if the rate is not limited. */
  readonly perSecond: number | undefined;
  /** The number of calls that may be made immediately. */
  readonly left: number | undefined;
  readonly waiting: number;
  readonly heldUpByUs: DelayedCalls;
  readonly heldUpByAws: DelayedCalls;
}

export interface DelayedCalls {
  /** The number of calls that were delayed or not made. */
  readonly calls: number;
  readonly last: Date | undefined;
}
