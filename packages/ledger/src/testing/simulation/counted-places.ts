// Counts how often a simulation has reached each place that it should reach. A place that was never reached is not tested.
/** The counters of some places. */
export class CountedPlaces<Place extends string> {
  /** Written by `met` and `add`. */
  readonly #counts: Map<Place, number>;

  constructor(places: readonly Place[]) {
    this.#counts = new Map(places.map((place) => [place, 0]));
  }

  /** Counts a place once. */
  met(place: Place): void {
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1);
  }

  /** Adds the counts of another run. */
  add(counts: Readonly<Record<Place, number>>): void {
    for (const [place, count] of this.#counts) this.#counts.set(place, count + counts[place]);
  }

  /** Returns the counts so far. */
  counts(): Readonly<Record<Place, number>> {
    return Object.fromEntries(this.#counts) as Record<Place, number>;
  }
}
