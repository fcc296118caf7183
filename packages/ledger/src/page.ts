// One page of a list, and how to ask for the next one.

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it as `after` to get the next page. Absent on the last page. */
  readonly next?: string;
  /** How far the read model may be behind the log, in milliseconds. Infinity: it has not caught up yet. */
  readonly lagMs: number;
}

export interface PageRequest {
  /** `next` of the page before. Default: the first page. */
  readonly after?: string;
  /** 1 to 1,000. Default 100. */
  readonly limit?: number;
}
