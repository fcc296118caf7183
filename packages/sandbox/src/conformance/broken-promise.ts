// A promise that the app under test broke, and what was observed.

/** Thrown if a promise was not kept. `expected` and `seen` are each words that stand alone. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
  readonly expected: string;
  readonly seen: string;

  constructor(expected: string, seen: string) {
    super(`Expected ${expected}; seen: ${seen}`);
    this.expected = expected;
    this.seen = seen;
  }
}
