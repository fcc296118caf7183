// The rows of what people did, newest first.
import type { Action, ActionTaken } from '../console-reads.ts';
import { defined } from '../defined.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { runAggregate } from '../streams/run-streams.ts';
import { type ActionRow, type ActionsTaken, foldRunAction } from './action-fold.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** Sorts behind every position, which is of digits. */
const afterAll = '~';
const prefix = runAggregate.stream('');

export function isOfRun(stream: string): boolean {
  return stream.startsWith(prefix);
}

function runOf(stream: string): string {
  return stream.slice(prefix.length);
}

/** Which actions to list. Absent: all. */
export interface ActionFilter {
  readonly actor?: string | undefined;
  readonly action?: Action | undefined;
  readonly orderId?: string | undefined;
  readonly subscriptionId?: string | undefined;
  readonly memberId?: string | undefined;
}

export interface ActionRows {
  /** Call it in the transaction that moves the cursor. */
  add(actions: ActionsTaken): void;
  /** Newest first, before that position; empty: the newest. */
  actions(filter: ActionFilter, before: string, limit: number): readonly ActionTaken[];
}

/** The columns of the row, in the order of the table. */
export function actionColumns(row: ActionRow): (string | null)[] {
  const { position, at, actor, reason, action, orderId, subscriptionId, runId, outcome } = row;
  return [position, at, actor, reason, action, orderId, subscriptionId, runId, outcome];
}

export function noteRuns(events: readonly StoredEvent[], taken: ActionsTaken): void {
  for (const event of events) if (isOfRun(event.stream)) foldRunAction(event, runOf(event.stream), taken);
}

export function openActionRows({ db }: ReadModelFile): ActionRows {
  const insert = db.prepare('insert or ignore into actions values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const came = db.prepare('update actions set outcome = ? where position = ?');
  const ended = db.prepare("update actions set outcome = ? where run_id = ? and action = 'run'");
  // Each filter has an index; of two, SQLite takes one and passes over the rest.
  const where: Readonly<Record<keyof ActionFilter, string>> = {
    actor: 'actor = :actor',
    action: 'action = :action',
    orderId: 'order_id = :orderId',
    subscriptionId: 'subscription_id = :subscriptionId',
    // The plus keeps SQLite from reading all actions in the order of their positions.
    memberId: `(order_id in (select order_id from orders where member_id = :memberId collate nocase and member_id = :memberId)
      or subscription_id in (select subscription_id from subscriptions where member_id = :memberId))`,
  };
  const statements = new Map<string, ReturnType<typeof db.prepare>>();
  const statement = (filters: readonly string[]): ReturnType<typeof db.prepare> => {
    const sql = `select * from actions where ${['position < :before', ...filters].join(' and ')} order by ${filters.includes(where.memberId) ? '+' : ''}position desc limit :limit`;
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };

  return {
    add: (actions) => {
      for (const row of actions.rows.values()) insert.run(...actionColumns(row));
      for (const [position, outcome] of actions.outcomes) came.run(outcome, position);
      for (const [runId, outcome] of actions.ended) ended.run(outcome, runId);
    },
    actions: (filter, before, limit) => {
      const given = Object.entries(filter).filter(([, value]) => value !== undefined) as [keyof ActionFilter, string][];
      const rows = statement(given.map(([name]) => where[name])).all({ ...Object.fromEntries(given), before: before || afterAll, limit });
      return rows.map(actionIn);
    },
  };
}

function actionIn(row: Readonly<Record<string, unknown>>): ActionTaken {
  const text = (column: string): string | undefined => (row[column] as string | null) ?? undefined;
  const of = { orderId: text('order_id'), subscriptionId: text('subscription_id'), runId: text('run_id') };
  return {
    at: String(row['at']),
    actor: String(row['actor']),
    ...defined({ reason: text('reason') }),
    action: row['action'] as Action,
    ...defined(of),
    outcome: String(row['outcome']),
    position: String(row['position']),
  };
}
