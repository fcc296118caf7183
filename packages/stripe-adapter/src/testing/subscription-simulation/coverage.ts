// Counts what the simulation met, by name. What no seed met proves nothing.
export class Coverage {
  readonly #counts = new Map<string, number>();

  met(place: string): void {
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1);
  }

  add(counts: Readonly<Record<string, number>>): void {
    for (const [place, count] of Object.entries(counts)) this.#counts.set(place, (this.#counts.get(place) ?? 0) + count);
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
