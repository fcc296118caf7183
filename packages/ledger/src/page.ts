// One page of a list, and how the next one is asked for.

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `after` for the next page; absent on the last one. */
  readonly next?: string;
  /** How far the read model may be behind the log. */
  readonly lagMs: number;
}

export interface PageRequest {
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
