// Of Barrier and its shared twin.

/** What a barrier lets through with. */
export interface BarrierWaitResult {
  /** True for one of those that were let through together: the last to come. */
  readonly isLeader: boolean;
}
