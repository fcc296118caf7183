// Counts how often a simulation has reached each place that it should reach. A place that was never reached is not tested.
export class CountedPlaces<Place extends string> {
  readonly #counts: Map<Place, number>;

  constructor(places: readonly Place[]) {
    this.#counts = new Map(places.map((place) => [place, 0]));
  }

  met(place: Place): void {
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1);
  }

  add(counts: Readonly<Record<Place, number>>): void {
    for (const [place, count] of this.#counts) this.#counts.set(place, count + counts[place]);
  }

  counts(): Readonly<Record<Place, number>> {
    return Object.fromEntries(this.#counts) as Record<Place, number>;
  }
}
