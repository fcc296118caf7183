// The metadata of a stream in the server double: which of its events can still be read, and who may do what with it.

/** Users and groups, by name. `$all`: everybody. */
type Roles = string | readonly string[];

/** Who may read, write and delete a stream, and read and write its metadata. */
export interface AccessList {
  readonly $r?: Roles;
  readonly $w?: Roles;
  readonly $d?: Roles;
  readonly $mr?: Roles;
  readonly $mw?: Roles;
}

export interface StreamMetadata {
  /** Only the last so many events are read. */
  readonly $maxCount?: number;
  /** Only the events of the last so many seconds are read. */
  readonly $maxAge?: number;
  /** Only the events from this revision on are read ("truncate before"). */
  readonly $tb?: number;
  readonly $acl?: AccessList;
}

/** The `$tb` of a stream that was deleted softly. The server writes the largest 64-bit number, which JSON reads as this one. */
const afterAll = 2 ** 63;

export function metadataOf(event: { readonly data: Uint8Array } | undefined): StreamMetadata {
  if (event === undefined || event.data.length === 0) return {};
  return JSON.parse(Buffer.from(event.data).toString()) as StreamMetadata;
}

export function isSoftlyDeleted({ $tb = 0 }: StreamMetadata): boolean {
  return $tb >= afterAll;
}

/** The metadata after a soft deletion, as text: JSON.stringify would round the number. */
export function softlyDeleted(metadata: StreamMetadata): string {
  return JSON.stringify({ ...metadata, $tb: 0 }).replace('"$tb":0', '"$tb":9223372036854775807');
}

export function undeleted(metadata: StreamMetadata, firstRevision: number): StreamMetadata {
  return { ...metadata, $tb: firstRevision };
}

/** The events of a stream that can be read. */
export function readableIn<Event extends { readonly revision: number; readonly createdMs: number }>(
  events: readonly Event[],
  metadata: StreamMetadata,
): readonly Event[] {
  const { $maxCount = Number.POSITIVE_INFINITY, $maxAge = Number.POSITIVE_INFINITY, $tb = 0 } = metadata;
  const newest = events.at(-1)?.revision ?? -1;
  const oldestMs = Date.now() - $maxAge * 1_000;
  return events.filter(({ revision, createdMs }) => revision > newest - $maxCount && revision >= $tb && createdMs >= oldestMs);
}
