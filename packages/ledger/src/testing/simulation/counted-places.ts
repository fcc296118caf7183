// How often each place that a simulation should reach was met: a run that never meets one proves nothing of it.
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
