// What each shop of the torture does in its own ORM: the same two writes for each decision, in the transaction of `once`.
import type { Delivered, OnceChange } from '@paidonce/ledger/once';

/** Where a process may be killed, in the order in which a delivery passes them. */
export type Point = 'called' | 'taken' | 'written' | 'answered';

export interface Telling {
  readonly change: OnceChange;
  readonly signal: AbortSignal;
  /** The handler calls it where it has passed the point. It may throw there, which fails the handler. */
  readonly at: (point: Point) => void;
}

export interface Shop extends AsyncDisposable {
  /** Raises the counter of the membership and writes a row, both once for each decision. */
  deliver(telling: Telling): Promise<Delivered>;
}

/** @param url `postgres://…`, `mysql://…` or, for node:sqlite, a path. */
export type OpenShop = (url: string) => Promise<Shop>;

/** True: the shop is on MySQL. Else on PostgreSQL. */
export function isMysql(url: string): boolean {
  return url.startsWith('mysql:');
}

/** The dialect, for the ORMs that serve both. */
export function dialectOf(url: string): 'mysql' | 'postgres' {
  return isMysql(url) ? 'mysql' : 'postgres';
}

/** The two writes as SQL, for the drivers that have nothing else. */
export const counterSql = 'update memberships set effects = effects + 1 where id = ';
export const effectSql = 'insert into effects (membership_id, sequence) values ';
