// A promise that the app under test broke, and what was observed.

/** Thrown if a promise was not kept. `expected` and `observed` are each words that stand alone. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
  readonly expected: string;
  readonly observed: string;

  constructor(expected: string, observed: string) {
    super(`Expected ${expected}; observed: ${observed}`);
    this.expected = expected;
    this.observed = observed;
  }
}
