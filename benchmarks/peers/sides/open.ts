// How each side is opened. What it needs is loaded by the process that runs it, and by no other.
import type { Place, Side } from '../side.ts';

export const open: Readonly<Record<string, (place: Place) => Promise<Side>>> = {
  'PaidOnce on SQLite': async (at) => (await import('./paidonce.ts')).paidonceSqlite(at),
  'PaidOnce on SQLite, read models and delivery on': async (at) => (await import('./paidonce.ts')).paidonceSqliteWhole(at),
  'emmett-sqlite, as documented': async (at) => (await import('./emmett.ts')).emmettSqlite(at),
  'emmett-sqlite, tuned': async (at) => (await import('./emmett.ts')).emmettSqliteTuned(at),
  'unique table, node:sqlite': async (at) => (await import('./by-hand.ts')).sqliteByHand(at),
  'PaidOnce on PostgreSQL': async (at) => (await import('./paidonce.ts')).paidoncePostgres(at),
  'emmett-postgresql, as documented': async (at) => (await import('./emmett.ts')).emmettPostgres(at),
  'emmett-postgresql, tuned': async (at) => (await import('./emmett.ts')).emmettPostgresTuned(at),
  'unique table, graphile-worker': async (at) => (await import('./by-hand.ts')).graphileWorker(at),
  'unique table, pg-boss': async (at) => (await import('./by-hand.ts')).pgBoss(at),
  'stripe-sync-engine': async (at) => (await import('./stripe-sync-engine.ts')).stripeSyncEngine(at),
};
