// `@paidonce/ledger/once`: each decision exactly once in the shop's own tables, whatever database and ORM they are in. It needs
// no driver and no dependency: the shop passes its own transaction.
export { type OnceOptions, once, onceSync } from './once.ts';
export { onceTable } from './once-table.ts';
export { sqlOf } from './sql-of.ts';
export type { Delivered, OnceChange, OnceDialect, RunSql, RunSqlSync } from './steps.ts';
