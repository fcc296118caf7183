// The table of `once`: one row for each order and each subscription, with the sequence of its newest decision here.
import type { OnceDialect } from './steps.ts';

/**
 * The DDL of the table, for your migrations, where it stands beside your own tables. Its rows stay as long as yours do: without
 * its row, a decision is new again. Another name for the table: write it here, and give it to `once` as `table`.
 *
 * The key compares by the byte: to a collation that ignores case, two orders would be one. InnoDB, since other engines of MySQL
 * have no transactions.
 */
export const onceTable: Readonly<Record<OnceDialect, string>> = {
  postgres: `create table if not exists paidonce_delivered (
  key text collate "C" primary key,
  sequence bigint not null
)`,
  sqlite: `create table if not exists paidonce_delivered (
  key text not null primary key,
  sequence integer not null
) strict`,
  mysql: `create table if not exists paidonce_delivered (
  \`key\` varchar(160) character set ascii collate ascii_bin not null primary key,
  sequence bigint not null
) engine = InnoDB`,
};
