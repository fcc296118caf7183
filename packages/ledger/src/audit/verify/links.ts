// The links of references, as the rules ask for them.
import { type Owner, referenceAggregate, subscriptionOwner } from '../../streams/reference-streams.ts';
import type { LogRow } from '../log/log-row.ts';
import type { SqliteLog } from '../log/sqlite-log.ts';

export interface Link {
  readonly owner: Owner;
  readonly revision: number;
  readonly position: string;
}

/**
 * The links of each reference stream. A reference is linked when an order is placed or paid, so most reference streams
 * come soon after their order: they are read ahead, many at once, and the oldest are forgotten. Others are read singly.
 */
export class Links {
  readonly #log: SqliteLog;
  readonly #upTo: number;
  /** The stream id up to which links were read ahead. Written by `reach`. */
  #readTo: number;
  /** The links that are remembered, newest half. Key: the stream. Written by `#keep`. */
  #newer = new Map<string, readonly Link[]>();
  /** The older half: dropped when the newer half is full. Written by `#keep`. */
  #older = new Map<string, readonly Link[]>();

  constructor(log: SqliteLog, upTo: number, from: number) {
    this.#log = log;
    this.#upTo = upTo;
    this.#readTo = from;
  }

  /** @param reference a reference name. */
  of(reference: string): readonly Link[] {
    const stream = referenceAggregate.stream(reference);
    const known = this.#newer.get(stream) ?? this.#older.get(stream);
    if (known) return known;
    const found = this.#log.links(stream, this.#upTo).flatMap(linksFrom);
    this.#cache(stream, found);
    return found;
  }

  reach(streamId: number): void {
    const to = streamId + readAheadStreams;
    if (to < this.#readTo + readAheadStreams / 2) return;
    const read = new Map<string, Link[]>();
    for (const row of this.#log.linksIn({ after: this.#readTo, to }, this.#upTo)) {
      read.set(row.stream, [...(read.get(row.stream) ?? []), ...linksFrom(row)]);
    }
    for (const [stream, links] of read) this.#cache(stream, links);
    this.#readTo = to;
  }

  #cache(stream: string, links: readonly Link[]): void {
    if (this.#newer.size >= cachedLinks) [this.#older, this.#newer] = [this.#newer, new Map()];
    this.#newer.set(stream, links);
  }
}

const readAheadStreams = 512;
const cachedLinks = 2_000;

/** Returns the link in an event. Empty: it cannot be read; the rules of its own stream report that. */
function linksFrom({ data, position, revision }: Pick<LogRow, 'position' | 'revision' | 'data'>): readonly Link[] {
  try {
    const { orderId, subscriptionId } = JSON.parse(data) as { orderId?: unknown; subscriptionId?: unknown };
    if (typeof subscriptionId === 'string') return [{ owner: subscriptionOwner(subscriptionId), position, revision }];
    return typeof orderId === 'string' ? [{ owner: orderId, position, revision }] : [];
  } catch {
    return [];
  }
}
