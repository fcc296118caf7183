// The statements on a log's tables.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export type Statements = Readonly<
  Record<
    | 'begin'
    | 'commit'
    | 'streamHead'
    | 'addStream'
    | 'moveStream'
    | 'addEvent'
    | 'idsAt'
    | 'idAt'
    | 'streamEvents'
    | 'logEvents'
    | 'lastPosition'
    | 'dataVersion'
    | 'schemaVersion',
    StatementSync
  >
>;

export function prepareStatements(db: DatabaseSync): Statements {
  const columns = 'e.position, s.name AS stream, e.revision, e.id, e.type, e.data, e.metadata';
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    streamHead: db.prepare('SELECT id, revision FROM streams WHERE name = ?'),
    addStream: db.prepare('INSERT INTO streams (name, revision) VALUES (?, ?)'),
    moveStream: db.prepare('UPDATE streams SET revision = ? WHERE id = ?'),
    addEvent: db.prepare('INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)'),
    idsAt: db.prepare('SELECT id, position FROM events WHERE stream = ? AND revision > ? AND revision <= ? ORDER BY revision'),
    idAt: db.prepare('SELECT id FROM events WHERE position = ?'),
    streamEvents: db.prepare(
      `SELECT ${columns} FROM streams s JOIN events e ON e.stream = s.id WHERE s.name = ? AND e.revision > ? ORDER BY e.revision`,
    ),
    logEvents: db.prepare(`SELECT ${columns} FROM events e JOIN streams s ON s.id = e.stream WHERE e.position > ? ORDER BY e.position`),
    lastPosition: db.prepare('SELECT max(position) AS position FROM events'),
    dataVersion: db.prepare('PRAGMA data_version'),
    schemaVersion: db.prepare('PRAGMA schema_version'),
  };
}
