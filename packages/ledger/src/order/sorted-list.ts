// Lists that are sorted by the names of their items, each name once: the state of an order is such lists wherever it may grow.
// A copy of a list costs a thousandth of a copy of a record with the same entries, and folding copies for each event.

/** The item of that name. */
export function itemNamed<T>(list: readonly T[], name: string, nameOf: (item: T) => string): T | undefined {
  const at = list[placeOf(list, name, nameOf)];
  return at !== undefined && nameOf(at) === name ? at : undefined;
}

/** A copy of the list in which the item stands in its place, instead of the one of its name. */
export function withItem<T>(list: readonly T[], item: T, nameOf: (item: T) => string): readonly T[] {
  const name = nameOf(item);
  const place = placeOf(list, name, nameOf);
  const at = list[place];
  const copy = list.slice();
  copy.splice(place, at !== undefined && nameOf(at) === name ? 1 : 0, item);
  return copy;
}

/** The index of the first item whose name is not less. */
function placeOf<T>(list: readonly T[], name: string, nameOf: (item: T) => string): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (nameOf(list[middle] as T) < name) from = middle + 1;
    else to = middle;
  }
  return from;
}
