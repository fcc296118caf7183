// Payments that no order is known for, from the streams `reference-…`. A payment that is held under several names stands here
// once, under its own.
import * as z from 'zod';
import type { HeldPayment } from '../console-reads.ts';
import { defined } from '../defined.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { factSchema, idSchema, type PaidAmount, paymentKey, referenceName, type Source, sourceSchema, timeSchema } from '../observation.ts';
import { joinFact, noFacts, type PaymentFacts } from '../order/facts.ts';
import { referenceAggregate } from '../streams/reference-streams.ts';
import { type NameQuery, namesBetween } from './name-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** What is held of one payment: a row of the table `held`, whose key is its reference name. */
export interface HeldRow {
  readonly facts: PaymentFacts;
  readonly claims: string | null;
  readonly source: Source;
  readonly since: string;
}

const prefix = referenceAggregate.stream('');

export function isOfReference(stream: string): boolean {
  return stream.startsWith(prefix);
}

export function referenceOf(stream: string): string {
  return stream.slice(prefix.length);
}

/** What a row needs of a held observation, in any version: an older release on the file makes the same row of a newer event. */
const heldSchema = z.looseObject({
  payment: z.object({ provider: idSchema, account: idSchema, livemode: z.boolean(), id: idSchema }),
  fact: z.unknown(),
  source: sourceSchema,
  asOf: timeSchema,
  occurredAt: z.exactOptional(timeSchema),
  observedAt: timeSchema,
  orderId: z.exactOptional(idSchema),
});

/** Folds one event of a reference. Undefined: nothing is held. An event that cannot be read changes nothing: the roll-forward alerts. */
export function foldHeld(before: HeldRow | undefined, { stream, type, data }: StoredEvent): HeldRow | undefined {
  if (type === 'ReferenceLinked' || type === 'SubscriptionLinked') return undefined;
  const read = type === 'PaymentHeld' ? heldSchema.safeParse(data) : undefined;
  if (!read?.success) return before;
  const { payment, fact, source, asOf, occurredAt, observedAt, orderId } = read.data;
  if (referenceName(payment) !== referenceOf(stream)) return before; // It stands under its own name.
  const row = before ?? { facts: noFacts(payment), claims: null, source, since: observedAt };
  const known = factSchema.safeParse(fact);
  // In another account or mode it is another payment, of which the first is shown.
  const isSame = paymentKey(row.facts.reference) === paymentKey(payment);
  const facts = isSame && known.success ? joinFact(row.facts, { fact: known.data, asOf, ...defined({ occurredAt }) }) : row.facts;
  return { ...row, facts, claims: row.claims ?? orderId ?? null };
}

/** The columns of the row, in the order of the table. */
export function heldColumns(reference: string, { facts, claims, source, since }: HeldRow): (string | null)[] {
  return [reference, facts.reference.id, JSON.stringify(facts), claims, source, since];
}

export interface HeldRows {
  /** Folds the events of references, and skips all others. Call it in the transaction that moves the cursor. */
  apply(events: readonly StoredEvent[]): void;
  /** Oldest first, behind that reference of that time. */
  held(after: { readonly since: string; readonly reference: string }, limit: number): readonly HeldPayment[];
  /** Sorted by id, at most `limit`. */
  named(query: NameQuery, limit: number): readonly HeldPayment[];
}

export function openHeldRows({ db }: ReadModelFile): HeldRows {
  const select = db.prepare('select facts, claims, source, since from held where reference = ?');
  const upsert = db.prepare(
    `insert into held values (?, ?, ?, ?, ?, ?) on conflict (reference) do update set
     facts = excluded.facts, claims = excluded.claims, source = excluded.source, since = excluded.since`,
  );
  const remove = db.prepare('delete from held where reference = ?');
  const any = db.prepare('select 1 from held limit 1');
  const columns = 'facts, claims, source, since';
  const oldest = db.prepare(`select ${columns} from held where (since, reference) > (?, ?) order by since, reference limit ?`);
  const named = db.prepare(`select ${columns} from held where id >= ? and id < ? order by id, reference limit ?`);

  return {
    apply: (events) => {
      const ours = events.filter(({ stream }) => isOfReference(stream));
      // Most references are linked before anything is held, and then there is no row to remove.
      if (!ours.some(({ type }) => type === 'PaymentHeld') && any.get() === undefined) return;
      const changed = new Map<string, HeldRow | undefined>();
      for (const event of ours) {
        const reference = referenceOf(event.stream);
        const stored = changed.has(reference) ? undefined : select.get(reference);
        changed.set(reference, foldHeld(changed.get(reference) ?? (stored && heldRowIn(stored)), event));
      }
      for (const [reference, row] of changed) {
        if (row) upsert.run(...heldColumns(reference, row));
        else remove.run(reference);
      }
    },
    held: ({ since, reference }, limit) => oldest.all(since, reference, limit).map(heldIn),
    named: (query, limit) => named.all(...namesBetween(query), limit).map(heldIn),
  };
}

function heldRowIn(row: Readonly<Record<string, unknown>>): HeldRow {
  return {
    facts: JSON.parse(String(row['facts'])) as PaymentFacts,
    claims: row['claims'] as string | null,
    source: row['source'] as Source,
    since: String(row['since']),
  };
}

function heldIn(row: Readonly<Record<string, unknown>>): HeldPayment {
  const { facts, claims, source, since } = heldRowIn(row);
  const amount: PaidAmount | undefined = facts.attempt?.status === 'paid' ? facts.attempt.amount : undefined;
  return {
    payment: facts.reference,
    ...(claims === null ? {} : { claims }),
    ...(amount ? { amount } : {}),
    source,
    heldSince: since,
  };
}
