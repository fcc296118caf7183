// Objects of the provider that could not be read, from the streams `unreadable-…`, and whether a fact about them was recorded
// since: of the object itself, or from the event that it is.
import * as z from 'zod';
import type { UnreadableObject } from '../adapter-ledger.ts';
import type { UnreadableEntry } from '../console-reads.ts';
import { defined } from '../defined.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { idSchema } from '../observation.ts';
import { unreadableAggregate } from '../streams/unreadable-streams.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** A row of the table `unreadable`, whose key is the id of the object. */
export interface UnreadableRow {
  readonly object: Omit<UnreadableObject, 'sha256'>;
  /** Since when it cannot be read: where it was read meanwhile, since it could not again. */
  readonly since: string;
  readonly readSince: string | null;
}

const prefix = unreadableAggregate.stream('');

export function isOfUnreadable(stream: string): boolean {
  return stream.startsWith(prefix);
}

function objectOf(stream: string): string {
  return stream.slice(prefix.length);
}

/**
 * Folds events in the order of the log: those of the objects, and the facts about them.
 * @param stored the row of an object before these events. @returns the rows that changed, by object.
 */
export function foldUnreadables(
  events: readonly StoredEvent[],
  stored: (objectId: string) => UnreadableRow | undefined,
): ReadonlyMap<string, UnreadableRow> {
  const changed = new Map<string, UnreadableRow>();
  for (const event of events) {
    if (isOfUnreadable(event.stream)) {
      const objectId = objectOf(event.stream);
      const row = foldUnreadable(changed.get(objectId) ?? stored(objectId), event);
      if (row) changed.set(objectId, row);
    }
    for (const id of evidenceIn(event)) {
      const row = changed.get(id) ?? stored(id);
      if (row?.readSince === null) changed.set(id, { ...row, readSince: event.metadata['recordedAt'] ?? '' });
    }
  }
  return changed;
}

/** What a row needs of an object, in any version: an older release on the file makes the same row of a newer event. */
const objectSchema = z.object({
  objectId: idSchema,
  eventId: z.exactOptional(idSchema),
  type: idSchema,
  apiVersion: z.exactOptional(idSchema),
  account: z.exactOptional(idSchema),
  livemode: z.exactOptional(z.boolean()),
  path: z.string(),
});

/** An event that cannot be read changes nothing. */
function foldUnreadable(before: UnreadableRow | undefined, { type, data, metadata }: StoredEvent): UnreadableRow | undefined {
  const read = type === 'ObjectNotUnderstood' ? objectSchema.safeParse(data) : undefined;
  if (!read?.success) return before;
  const since = before?.readSince === null ? before.since : (metadata['recordedAt'] ?? '');
  return { object: read.data, since, readSince: null };
}

/** The ids of the object and of the event that an observation was read from. Empty: the event is no observation. */
export function evidenceIn({ type, data }: Pick<StoredEvent, 'type' | 'data'>): readonly string[] {
  if (type !== 'PaymentObserved' && type !== 'PaymentHeld') return [];
  const { evidence } = data as { readonly evidence?: { readonly objectId?: unknown; readonly eventId?: unknown } };
  return [evidence?.objectId, evidence?.eventId].filter((id) => typeof id === 'string');
}

/** The columns of the row, in the order of the table. */
export function unreadableColumns(objectId: string, { object, since, readSince }: UnreadableRow): (string | null)[] {
  return [objectId, JSON.stringify(object), since, readSince];
}

export interface UnreadableRows {
  /** Folds the events in the order of the log. Call it in the transaction that moves the cursor. */
  apply(events: readonly StoredEvent[]): void;
  /** What cannot be read, oldest first, behind that object of that time; then what was read since, likewise. */
  unreadable(after: UnreadableKey, limit: number): readonly UnreadableEntry[];
}

export interface UnreadableKey {
  readonly isRead: boolean;
  readonly since: string;
  readonly objectId: string;
}

export function openUnreadableRows({ db }: ReadModelFile): UnreadableRows {
  const select = db.prepare('select object, since, read_since from unreadable where object_id = ?');
  const upsert = db.prepare(
    `insert into unreadable values (?, ?, ?, ?) on conflict (object_id) do update set
     object = excluded.object, since = excluded.since, read_since = excluded.read_since`,
  );
  const anyUnread = db.prepare('select 1 from unreadable where read_since is null limit 1');
  const oldest = db.prepare(`
    select object, since, read_since from unreadable where (read_since is not null, since, object_id) > (cast(? as integer), ?, ?)
    order by read_since is not null, since, object_id limit ?`);

  return {
    apply: (events) => {
      if (!events.some(({ stream }) => isOfUnreadable(stream)) && anyUnread.get() === undefined) return;
      const changed = foldUnreadables(events, (objectId) => {
        const stored = select.get(objectId);
        return stored && unreadableIn(stored);
      });
      for (const [objectId, row] of changed) upsert.run(...unreadableColumns(objectId, row));
    },
    unreadable: ({ isRead, since, objectId }, limit) =>
      oldest.all(Number(isRead), since, objectId, limit).map((row) => entryOf(unreadableIn(row))),
  };
}

function unreadableIn(row: Readonly<Record<string, unknown>>): UnreadableRow {
  return {
    object: JSON.parse(String(row['object'])) as UnreadableRow['object'],
    since: String(row['since']),
    readSince: row['read_since'] as string | null,
  };
}

function entryOf({ object, since, readSince }: UnreadableRow): UnreadableEntry {
  const { objectId, eventId, type, account, livemode, path, apiVersion } = object;
  return { objectId, type, path, since, ...defined({ eventId, account, livemode, apiVersion, readSince: readSince ?? undefined }) };
}
