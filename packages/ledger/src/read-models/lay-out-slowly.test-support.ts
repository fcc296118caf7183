// Creates the tables of a read model file slowly, in a separate process: begins the transaction, reports that, and commits half
// a second later. read-model-file.test.ts runs it: node lay-out-slowly.test-support.ts TEMPLATE TARGET
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

const [template = '', target = ''] = process.argv.slice(2);
const from = new DatabaseSync(template, { readOnly: true });
const pragma = (name: string): unknown => Object.values(from.prepare(`pragma ${name}`).get() ?? {})[0];
const statements = from.prepare('select sql from sqlite_schema where sql is not null').all();
const marks = `pragma application_id = ${pragma('application_id')}; pragma user_version = ${pragma('user_version')};`;
from.close();

const db = new DatabaseSync(target);
db.exec('pragma journal_mode = wal; begin immediate');
console.log('begun');
await wait(500);
for (const { sql } of statements) db.exec(String(sql));
db.exec(`${marks} insert into cursors values ('first', '00000000000000000001'); commit`);
console.log('laid out');
db.close();
