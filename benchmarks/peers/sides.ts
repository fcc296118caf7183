// The sides of `npm run bench -- peers`, by the names of its table.

export interface SideDescription {
  readonly store: 'SQLite' | 'PostgreSQL';
  /** A package that a shop would install instead of PaidOnce. */
  readonly isPackage: boolean;
}

const sqlite = 'SQLite';
const postgres = 'PostgreSQL';

export const sides: Readonly<Record<string, SideDescription>> = {
  'PaidOnce on SQLite': { store: sqlite, isPackage: false },
  'PaidOnce on SQLite, read models and delivery on': { store: sqlite, isPackage: false },
  'emmett-sqlite, as documented': { store: sqlite, isPackage: true },
  'emmett-sqlite, tuned': { store: sqlite, isPackage: true },
  'unique table, node:sqlite': { store: sqlite, isPackage: false },
  'PaidOnce on PostgreSQL': { store: postgres, isPackage: false },
  'emmett-postgresql, as documented': { store: postgres, isPackage: true },
  'emmett-postgresql, tuned': { store: postgres, isPackage: true },
  'unique table, graphile-worker': { store: postgres, isPackage: true },
  'unique table, pg-boss': { store: postgres, isPackage: true },
  'stripe-sync-engine': { store: postgres, isPackage: true },
};
