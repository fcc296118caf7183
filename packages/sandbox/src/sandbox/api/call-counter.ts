// How often each entry of the API was called: the proof that a poll is cheap.

export class CallCounter {
  #counts = new Map<string, number>();

  /** Calls of all entries, or of one: `GET /v1/checkout/sessions/:session`. Refused and faulty calls count, as at Stripe. */
  count(route?: string): number {
    if (route !== undefined) return this.#counts.get(route) ?? 0;
    return [...this.#counts.values()].reduce((total, count) => total + count, 0);
  }

  byRoute(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  reset(): void {
    this.#counts = new Map();
  }

  add(route: string): void {
    this.#counts.set(route, this.count(route) + 1);
  }
}
