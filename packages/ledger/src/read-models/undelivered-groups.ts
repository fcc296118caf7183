// The decisions that the shop does not have, by the error of their last attempt: of orders and of subscriptions alike.
import type { UndeliveredGroup } from '../undelivered-group.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** The column that says when the newest decision was recorded. */
const decidedAt = { orders: 'since', subscriptions: 'decided_at' } as const;

/** Most frequent first. */
export function openUndeliveredGroups({ db }: ReadModelFile, table: keyof typeof decidedAt): () => readonly UndeliveredGroup[] {
  const byError = db.prepare(`
    select coalesce(last_error, 'none') as error, count(*) as count, min(coalesce(${decidedAt[table]}, '')) as first_at,
      min(next_try_at) as next_try_at
    from ${table} where pending + abandoned > 0 group by 1 order by 2 desc, 1`);
  return () =>
    byError.all().map((row) => ({
      error: String(row['error']),
      count: Number(row['count']),
      firstAt: String(row['first_at']),
      ...(row['next_try_at'] === null ? {} : { nextTryAt: String(row['next_try_at']) }),
    }));
}
