// One kind of object, by id and in the order of creation. Rows are never changed in place: an event keeps
// the object as it was.

export interface Row {
  readonly id: string;
}

/** Told of each change with what was there before, so that it can be written down or taken back. */
export type ChangeListener = (change: {
  readonly collection: Collection<Row>;
  readonly id: string;
  readonly before: Row | undefined;
}) => void;

export class Collection<T extends Row> {
  /** As Stripe calls it in its messages. */
  readonly kind: string;
  /** Where the state file keeps it: the kind, and the account where it is a connected one's. */
  readonly table: string;
  readonly #changed: ChangeListener;
  readonly #rows = new Map<string, T>();
  /** Place → id; a removed row leaves a hole, so that places stay what they were. */
  readonly #order: (string | undefined)[] = [];
  readonly #places = new Map<string, number>();
  readonly #keyOf: (row: T) => string | null;
  readonly #byKey = new Map<string, Set<string>>();

  /** `keyOf`: what else rows are found by, e.g. the charge of a refund. */
  constructor(kind: string, table: string, changed: ChangeListener, keyOf: (row: T) => string | null = () => null) {
    this.kind = kind;
    this.table = table;
    this.#changed = changed;
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  /** All rows with this key, oldest first. */
  withKey(key: string): T[] {
    return [...(this.#byKey.get(key) ?? [])].flatMap((id) => this.#rows.get(id) ?? []);
  }

  /** The row's place in the order of creation; it survives updates and restarts. */
  place(id: string): number | undefined {
    return this.#places.get(id);
  }

  put(row: T): T {
    this.#changed({ collection: this as unknown as Collection<Row>, id: row.id, before: this.#rows.get(row.id) });
    this.#set(row);
    return row;
  }

  remove(id: string): void {
    const before = this.#rows.get(id);
    if (!before) return;
    this.#changed({ collection: this as unknown as Collection<Row>, id, before });
    this.restore(id, undefined);
  }

  /** Newest first, as all of Stripe's lists; from the row below `place` on. */
  *newestFirst(place: number = this.#order.length): Generator<T, void, undefined> {
    for (let at = place - 1; at >= 0; at -= 1) {
      const row = this.#rowAt(at);
      if (row) yield row;
    }
  }

  /** The other way, from the row above `place` on. */
  *oldestFirst(place = -1): Generator<T, void, undefined> {
    for (let at = place + 1; at < this.#order.length; at += 1) {
      const row = this.#rowAt(at);
      if (row) yield row;
    }
  }

  /** Puts back what was there, without telling anyone: undoing, and loading from a file (then at its old place). */
  restore(id: string, row: T | undefined, place?: number): void {
    if (row) {
      this.#set(row, place);
      return;
    }
    const was = this.#places.get(id);
    this.#unindex(id);
    this.#rows.delete(id);
    this.#places.delete(id);
    if (was === undefined) return;
    if (was === this.#order.length - 1) this.#order.pop();
    else this.#order[was] = undefined;
  }

  #rowAt(place: number): T | undefined {
    const id = this.#order[place];
    return id === undefined ? undefined : this.#rows.get(id);
  }

  #unindex(id: string): void {
    const row = this.#rows.get(id);
    const key = row ? this.#keyOf(row) : null;
    if (key === null) return;
    const ids = this.#byKey.get(key);
    ids?.delete(id);
    if (ids?.size === 0) this.#byKey.delete(key);
  }

  #set(row: T, place: number = this.#order.length): void {
    const before = this.#rows.get(row.id);
    const key = this.#keyOf(row);
    // An unchanged key keeps its place among the others.
    if (before && this.#keyOf(before) !== key) this.#unindex(row.id);
    if (key !== null) this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(row.id));
    this.#rows.set(row.id, row);
    if (this.#places.has(row.id)) return;
    this.#places.set(row.id, place);
    while (this.#order.length < place) this.#order.push(undefined);
    this.#order[place] = row.id;
  }
}
