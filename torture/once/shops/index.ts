// The shops by name. Each module is loaded for its shop alone: Prisma's client takes longer to load than a run takes.
import type { OpenShop } from '../shop.ts';

interface Entry {
  /** The databases that it runs on. */
  readonly on: readonly Database[];
  /** A wrong shop: the torture must find what it does. */
  readonly breaks?: 'lost' | 'doubled';
  readonly load: () => Promise<OpenShop>;
}
export type Database = 'postgres' | 'mysql' | 'sqlite';

export const shops: Readonly<Record<string, Entry>> = {
  pg: { on: ['postgres'], load: async () => (await import('./pg.ts')).openPgShop },
  prisma: { on: ['postgres', 'mysql'], load: async () => (await import('./prisma.ts')).openPrismaShop },
  drizzle: { on: ['postgres', 'mysql'], load: async () => (await import('./drizzle.ts')).openDrizzleShop },
  kysely: { on: ['postgres', 'mysql'], load: async () => (await import('./kysely.ts')).openKyselyShop },
  knex: { on: ['postgres', 'mysql'], load: async () => (await import('./knex.ts')).openKnexShop },
  typeorm: { on: ['postgres', 'mysql'], load: async () => (await import('./typeorm.ts')).openTypeormShop },
  mysql2: { on: ['mysql'], load: async () => (await import('./mysql2.ts')).openMysql2Shop },
  'node-sqlite': { on: ['sqlite'], load: async () => (await import('./node-sqlite.ts')).openNodeSqliteShop },
  losing: { on: ['postgres'], breaks: 'lost', load: async () => (await import('./careless.ts')).openLosingShop },
  doubling: { on: ['postgres'], breaks: 'doubled', load: async () => (await import('./careless.ts')).openDoublingShop },
};
