// One page of a list, and how to ask for the next one.

/** One page of a list, read from the read models: `lagMs` says how old it may be. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it as `after` to get the next page. Absent on the last page. */
  readonly next?: string;
  /** How far the read model may be behind the log, in milliseconds. Infinity: it has not caught up yet. */
  readonly lagMs: number;
}

/** Which page of a list to read, and how long it may be. */
export interface PageRequest {
  /** `next` of the page before. Default: the first page. */
  readonly after?: string;
  /** 1 to 1,000. Default 100. */
  readonly limit?: number;
}

/** @param found one more than `limit`, where there are so many: then there is a next page. */
export function pageOf<T>(found: readonly T[], limit: number, key: (row: T) => string, lagMs: number): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(found.length > limit && last !== undefined ? { next: key(last) } : {}), lagMs };
}
