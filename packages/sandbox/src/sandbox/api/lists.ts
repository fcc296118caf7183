// Stripe's lists: newest first, in pages; the last id of a page leads to the next one.
import type { Collection, Row } from '../state/collection.ts';
import type { Parameters, TimeRange } from './parameters.ts';
import { invalidRequest, noSuchParameterObject } from './stripe-error.ts';

export interface List<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly url: string;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

/** What a list is read from: a collection, or the parts of one object. */
export type Listed<T extends Row> = Pick<Collection<T>, 'kind' | 'place' | 'newestFirst' | 'oldestFirst'>;

/** The parts of an object, e.g. the lines of an invoice, in their own order. */
export function partsInOrder<T extends Row>(kind: string, parts: readonly T[]): Listed<T> {
  const backwards = parts.toReversed();
  const placed = new Map(backwards.map(({ id }, place) => [id, place]));
  return {
    kind,
    place: (id) => placed.get(id),
    newestFirst: function* (place = parts.length) {
      yield* parts.slice(parts.length - place);
    },
    oldestFirst: function* (place = -1) {
      yield* backwards.slice(place + 1);
    },
  };
}

/** One page of those rows of `collection` that `matches` accepts. */
export function listPage<T extends Row>(
  collection: Listed<T>,
  parameters: Parameters,
  url: string,
  matches: (row: T) => boolean = () => true,
): List<T> {
  const limit = parameters.integer('limit', { min: 1, max: MAX_LIMIT }) ?? DEFAULT_LIMIT;
  const after = placeOf(collection, parameters, 'starting_after');
  const before = placeOf(collection, parameters, 'ending_before');
  if (after !== undefined && before !== undefined) throw invalidRequest('Only one of ending_before and starting_after can be used.');

  const page: T[] = [];
  let more = false;
  // `starting_after`: older rows, newest first. `ending_before`: the newer rows next to it.
  const rows = before === undefined ? collection.newestFirst(after) : collection.oldestFirst(before);
  for (const row of rows) {
    if (!matches(row)) continue;
    if (page.length === limit) {
      more = true;
      break;
    }
    page.push(row);
  }
  return { object: 'list', data: before === undefined ? page : page.reverse(), has_more: more, url };
}

function placeOf<T extends Row>(collection: Listed<T>, parameters: Parameters, name: string): number | undefined {
  const id = parameters.string(name);
  if (id === undefined) return undefined;
  const place = collection.place(id);
  if (place === undefined) throw noSuchParameterObject(collection.kind, id, parameters.name(name));
  return place;
}

export function within(range: TimeRange | undefined, at: number): boolean {
  if (!range) return true;
  const { gte = at, gt = at - 1, lte = at, lt = at + 1 } = range;
  return at >= gte && at > gt && at <= lte && at < lt;
}

/** The beginning of a list, as an object that includes it shows it: the rest is a list of its own. */
export function firstOf<T>(data: readonly T[], url: string): List<T> {
  return { object: 'list', data: data.slice(0, DEFAULT_LIMIT), has_more: data.length > DEFAULT_LIMIT, url };
}

/** A complete short list inside an object, e.g. the line items of a session. */
export function wholeList<T>(data: readonly T[], url: string): List<T> {
  return { object: 'list', data, has_more: false, url };
}
