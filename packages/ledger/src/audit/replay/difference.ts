// What a replay finds.

/** One place where a live row differs from the row that the log leads to. */
export interface Difference {
  /** Which object differs: `order …`, `account …` or `sweep …`. */
  readonly subject: string;
  /** Which table or column differs: `orders.state`, `reviews`, … */
  readonly place: string;
  /** What the log leads to. */
  readonly replayed: string;
  /** What the live read models have. */
  readonly live: string;
}
