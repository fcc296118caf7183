// The reads that no round of the poll has recorded yet. Rounds record theirs in the log; what this process read beside them is
// recorded with its next round.

export class OtherReads {
  #reads = 0;

  /** Counts status queries, webhooks that left a question, and rounds that failed. */
  note(reads = 1): void {
    this.#reads += reads;
  }

  get count(): number {
    return this.#reads;
  }

  /** Subtracts reads that are now recorded in the log. */
  recorded(reads: number): void {
    this.#reads -= reads;
  }
}
