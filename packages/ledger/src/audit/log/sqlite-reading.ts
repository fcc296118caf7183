// The read-only connection to a SQLite log, and the statements that audits run on it.
import { existsSync } from 'node:fs';
import { LedgerError } from '../../errors.ts';
import { asLedgerError } from '../../event-store/sqlite/failure.ts';
import { foreignObjects } from '../../event-store/sqlite/foreign-objects.ts';
import { applicationId, migrations, pragma, refuseForeignFile } from '../../event-store/sqlite/migrations.ts';
import type { DatabaseSync, StatementSync } from '../../event-store/sqlite/node-sqlite.ts';
import { connectReadOnly } from '../../event-store/sqlite/read-only.ts';

export type LogQuery =
  | 'extent'
  | 'end'
  | 'orders'
  | 'boundary'
  | 'page'
  | 'heads'
  | 'newest'
  | 'links'
  | 'linksIn'
  | 'streams'
  | 'last'
  | 'has'
  | 'stream';

/** A table in the temporary copy of another store's log: the positions that the events have in that store. */
export const originsTable = 'CREATE TABLE origins (position INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE)';

export interface Origins {
  readonly originOf: StatementSync;
  readonly placeOf: StatementSync;
}

/** Prepares the statements that convert the positions of a temporary copy. */
export function prepareOrigins(db: DatabaseSync): Origins {
  return {
    originOf: db.prepare('SELECT origin FROM origins WHERE position = ?'),
    placeOf: db.prepare('SELECT max(position) AS place FROM origins WHERE origin <= ?'),
  };
}

/** Returns what is in the file and was not made by us. It is checked once, when the file is opened. */
export function foreignObjectsIn(db: DatabaseSync, isCopy: boolean): readonly string[] {
  return foreignObjects(db, isCopy ? [...migrations, originsTable] : migrations);
}

/**
 * What SQLite finds wrong with the pages of the file, those that no scan reads among them: a damaged index of the names of streams
 * hides nothing from an audit, and keeps the ledger from writing. Undefined: nothing.
 */
export function damageIn(db: DatabaseSync): string | undefined {
  const found = String(db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']);
  return found === 'ok' ? undefined : found;
}

/** Opens the file. @throws LedgerError `invalid_input`: it is no log of this release. `file_newer`, `store_unavailable`. */
export function openReadOnly(path: string): DatabaseSync {
  if (!existsSync(path)) throw new LedgerError('invalid_input', `${path} does not exist. Which file holds the log?`);
  let db: DatabaseSync | undefined;
  try {
    db = connectReadOnly(path);
    if (pragma(db, 'application_id') === applicationId && pragma(db, 'user_version') === migrations.length) return db;
    refuseForeignFile(db, path);
    throw new LedgerError(
      'invalid_input',
      `${path} holds no log of this release. A ledger that opens it once brings it to layout ${migrations.length}.`,
    );
  } catch (error) {
    if (db?.isOpen) db.close();
    throw asLedgerError(error, path);
  }
}

/** Prepares all statements. They return rows as arrays, which is a third faster than objects. */
export function prepareReading(db: DatabaseSync): Record<LogQuery, StatementSync> {
  const columns = 'e.position, s.name, e.revision, e.id, e.type, e.data, e.metadata';
  const sql: Record<LogQuery, StatementSync> = {
    extent: db.prepare(`SELECT (SELECT count(*) FROM events), (SELECT max(position) FROM events),
      (SELECT seq FROM sqlite_sequence WHERE name = 'events'), (SELECT max(revision) FROM streams)`),
    end: db.prepare('SELECT max(position) FROM events'),
    orders: db.prepare("SELECT count(*) FROM streams WHERE name GLOB 'order-*'"),
    boundary: db.prepare('SELECT max(id), count(*) FROM (SELECT id FROM streams WHERE id > ? AND id <= ? ORDER BY id LIMIT ?)'),
    // LEFT JOIN, so that an event without a stream is found too.
    page: db.prepare(
      `SELECT ${columns} FROM events e LEFT JOIN streams s ON s.id = e.stream WHERE e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?`,
    ),
    heads: db.prepare('SELECT id, name, revision FROM streams WHERE id > ? AND id <= ? ORDER BY id'),
    // One statement, so that both figures are of one moment: the stream may be growing.
    newest: db.prepare('SELECT revision, (SELECT max(revision) FROM events WHERE stream = streams.id) FROM streams WHERE id = ?'),
    links: db.prepare(
      `SELECT s.name, e.position, e.revision, e.data FROM streams s JOIN events e ON e.stream = s.id
       WHERE s.name = ? AND e.type IN ('ReferenceLinked', 'SubscriptionLinked') AND e.position <= ? ORDER BY e.revision`,
    ),
    linksIn: db.prepare(
      // Select by the names of the streams: most events of a range belong to orders, and need not be read.
      `SELECT s.name, e.position, e.revision, e.data FROM streams s CROSS JOIN events e ON e.stream = s.id
       WHERE s.id > ? AND s.id <= ? AND s.name GLOB 'reference-*' AND e.type IN ('ReferenceLinked', 'SubscriptionLinked') AND e.position <= ?
       ORDER BY s.id, e.revision`,
    ),
    streams: db.prepare(
      `SELECT position, revision, id, type, data, metadata, stream FROM events
       WHERE stream > ? AND stream <= ? AND position <= ? ORDER BY stream, revision`,
    ),
    last: db.prepare(
      `SELECT ${columns} FROM events e LEFT JOIN streams s ON s.id = e.stream WHERE e.position <= ? ORDER BY e.position DESC LIMIT 1`,
    ),
    has: db.prepare('SELECT 1 FROM streams WHERE name = ?'),
    stream: db.prepare(
      `SELECT ${columns} FROM streams s JOIN events e ON e.stream = s.id WHERE s.name = ? AND e.position <= ? ORDER BY e.revision`,
    ),
  };
  for (const statement of Object.values(sql)) statement.setReturnArrays(true);
  return sql;
}
