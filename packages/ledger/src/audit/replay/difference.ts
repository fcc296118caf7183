// What a replay finds, and when two rows say the same.
import { isDeepStrictEqual } from 'node:util';

/** One place where a live row differs from the row that the log leads to. */
export interface Difference {
  /** Which object differs: `order …`, `subscription …`, `account …` or `sweep …`. */
  readonly subject: string;
  /** Which table or column differs: `orders.state`, `reviews`, … */
  readonly place: string;
  /** What the log leads to. */
  readonly replayed: string;
  /** What the live read models have. */
  readonly live: string;
}

/** Compares two JSON texts. The order of their keys does not matter. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  try {
    return isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
  } catch {
    return false;
  }
}
