// Exports the log as double-entry bookkeeping. The books of an order are a function of its state; an entry is the
// difference that one append makes to them. So each entry balances, and what is undone is undone in the books too.
import type { Position } from '../../event-store/event-store.ts';
import { type PaymentReference, paymentKey } from '../../observation.ts';
import { counts, disputesUnder } from '../../order/access.ts';
import { readOrderEvent } from '../../order/event-schemas.ts';
import type { OrderEvent } from '../../order/events.ts';
import { isDecision } from '../../order/events.ts';
import type { PaymentFacts } from '../../order/facts.ts';
import { evolve, initialState, type OrderState } from '../../order/order.ts';
import type { Policy } from '../../order/policy.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import type { LogReader } from '../log/log-reader.ts';
import { type LogRow, storedEvent } from '../log/log-row.ts';
import { withSqliteLog } from '../log/sqlite-copy.ts';
import type { ScannedStream } from '../log/sqlite-log.ts';
import { policiesIn, policyNamed } from '../verify/policies.ts';
import type { Accounts } from './accounts.ts';
import type { Fee, Fees } from './fees.ts';

/** One amount on one account. */
export interface Posting {
  /** The account's name, with the template filled in. */
  readonly account: string;
  /** The amount in minor units. Debits are positive. */
  readonly amountMinor: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
}

/** One entry of the journal: what one append, or one fee, changes in the books. */
export interface JournalEntry {
  /** The day in UTC, `2026-03-01`: the provider's day for an observation, ours for what a person decided. */
  readonly date: string;
  readonly orderId: string;
  /** The payment's id. */
  readonly payment: string;
  /** What caused it: `paid`, `refund re_1 succeeded`, `review r1 resolved`… */
  readonly what: string;
  /** The event, `stream@revision`; for a fee the line of the report. */
  readonly place: string;
  /** The amounts. They sum to zero in each currency. */
  readonly postings: readonly Posting[];
}

/** Which payments to export, and to which accounts. */
export interface JournalOptions {
  readonly accounts: Accounts;
  /** True: only live payments; false: only test payments. A journal never mixes them. */
  readonly livemode: boolean;
  /** Exports the log up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /**
   * The fees from the provider's report (`feesIn`). `asOf` does not bound them: a position has no day, so pass `feesIn` the last
   * one. Default: no entries of fees.
   */
  readonly fees?: Fees;
  /** Called with the number of events read so far. */
  readonly onEvents?: (events: number) => void;
}

/**
 * Makes the entries of the journal, one order after the other; those of an order by time of recording. Returns the fees that have
 * no entry, because no order has their payment: of another shop, of a subscription, of the other mode, or later than `asOf`.
 * @param take called with each entry, and awaited.
 * @throws LedgerError `corrupt`, `file_newer`: an event cannot be read, or the policy that decided it. Also what the store throws.
 */
export async function journalEntries(
  log: LogReader,
  options: JournalOptions,
  take: (entry: JournalEntry) => void | Promise<void>,
): Promise<readonly Fee[]> {
  const unplaced = new Map(options.fees);
  await withSqliteLog(log, options, async ({ log: file, upTo, copied }) => {
    let events = copied;
    const { ofOrders: policies } = policiesIn(file, upTo);
    const policyOf = (hash: string, orderId: string): Policy => policyNamed(policies, hash, `order ${orderId}`);
    for (const range of file.streamRanges(1_000)) {
      for (const stream of file.streams(range, upTo)) {
        events += stream.rows.length;
        if (!stream.name?.startsWith(orderAggregate.stream(''))) continue;
        for (const entry of entriesOf(stream, policyOf, options, unplaced)) await take(entry);
      }
      options.onEvents?.(events);
    }
  });
  return [...unplaced.values()].flat();
}

function* entriesOf(
  { name, rows }: ScannedStream,
  policyOf: (hash: string, orderId: string) => Policy,
  options: JournalOptions,
  unplaced: Map<string, readonly Fee[]>,
): Generator<JournalEntry> {
  const orderId = (name ?? '').slice(orderAggregate.stream('').length);
  let order = initialState(orderId);
  let books: Books = new Map();
  let begun: { readonly event: OrderEvent; readonly row: LogRow; readonly recordedAt: string; readonly policy: Policy } | undefined;
  const settle = (): readonly JournalEntry[] => {
    const led = begun;
    if (led === undefined) return [];
    const before = books;
    books = booksOf(order, led.policy, options);
    return differences(before, books).map(({ payment, postings }) => ({ ...headOf(led, payment), orderId, payment, postings }));
  };
  for (const row of rows) {
    const stored = storedEvent(row);
    const { metadata } = stored;
    const event = readOrderEvent(stored);
    // A new append begins here: compare the books as the last one left them.
    if (event.type !== 'ReviewOpened' && !isDecision(event)) {
      yield* settle();
      begun = {
        event,
        row,
        recordedAt: metadata['recordedAt'] ?? '',
        policy: policyOf(metadata['policy'] ?? '', orderId),
      };
    }
    order = evolve(order, event, metadata['instance'] ?? '');
  }
  yield* settle();
  yield* feesOf(order, options, unplaced);
}

/** Yields the fees of the payments that the order has at the end, out of `unplaced`. One that was moved has them at its new order. */
function* feesOf(
  { orderId, payments, placed }: OrderState,
  { fees, accounts, livemode }: JournalOptions,
  unplaced: Map<string, readonly Fee[]>,
): Generator<JournalEntry> {
  for (const { reference } of Object.values(payments)) {
    if (reference.livemode !== livemode) continue;
    unplaced.delete(reference.id);
    for (const { date, amountMinor, currency, place } of fees?.get(reference.id) ?? []) {
      const named = (account: keyof Accounts): string => accountName(accounts[account], reference, placed?.plan ?? 'unknown');
      const postings = [
        { account: named('fees'), amountMinor, currency },
        { account: named('clearing'), amountMinor: -amountMinor, currency },
      ];
      yield { date, orderId, payment: reference.id, what: 'fee', place, postings };
    }
  }
}

/** The postings of each payment. Outer key: `paymentKey`; inner key: account and currency. */
type Books = ReadonlyMap<string, { readonly id: string; readonly amounts: ReadonlyMap<string, Posting> }>;

function booksOf(order: OrderState, policy: Policy, { accounts, livemode }: JournalOptions): Books {
  const books = new Map<string, { id: string; amounts: Map<string, Posting> }>();
  for (const payment of Object.values(order.payments)) {
    if (payment.reference.livemode !== livemode) continue;
    const amounts = new Map<string, Posting>();
    for (const posting of postingsOf(payment, order, policy, accounts)) {
      const key = `${posting.account} ${posting.currency}`;
      amounts.set(key, { ...posting, amountMinor: posting.amountMinor + (amounts.get(key)?.amountMinor ?? 0) });
    }
    books.set(paymentKey(payment.reference), { id: payment.reference.id, amounts });
  }
  return books;
}

/** Returns the postings for a payment's present state. Payouts are not in the log; the provider's own reports have them. */
function postingsOf(payment: PaymentFacts, order: OrderState, policy: Policy, accounts: Accounts): readonly Posting[] {
  if (payment.attempt?.status !== 'paid') return [];
  const { totalMinor, currency, parts } = payment.attempt.amount;
  const [counted, plan] = [counts(order, payment, policy), order.placed?.plan ?? 'unknown'];
  const named = (account: keyof Accounts) => accountName(accounts[account], payment.reference, plan);
  const both = (debit: keyof Accounts, credit: keyof Accounts, amountMinor: number): readonly Posting[] => [
    { account: named(debit), amountMinor, currency },
    { account: named(credit), amountMinor: -amountMinor, currency },
  ];
  const [tax, shipping] = [parts?.taxMinor ?? 0, parts?.shippingMinor ?? 0];
  const postings = counted
    ? [
        ...both('clearing', 'revenue', totalMinor - tax - shipping),
        ...both('clearing', 'tax', tax),
        ...both('clearing', 'shipping', shipping),
      ]
    : [...both('clearing', 'unallocated', totalMinor)];
  for (const { status, amountMinor } of payment.refunds) {
    if (status === 'succeeded') postings.push(...both(counted ? 'refunds' : 'unallocated', 'clearing', amountMinor));
  }
  for (const { status, amountMinor, returnedDebit, movements } of disputesUnder(policy, payment)) {
    // While a dispute is open, the money is away only if the provider has withdrawn it. A dispute that was won returned it.
    if (status === 'lost' || (status === 'open' && movements > 0)) {
      postings.push(...both(returnedDebit ? 'returnedDebits' : status === 'open' ? 'disputed' : 'lostDisputes', 'clearing', amountMinor));
    }
  }
  return postings;
}

function accountName(template: string, { provider, account }: PaymentReference, plan: string): string {
  return template.replaceAll('{provider}', provider).replaceAll('{account}', account).replaceAll('{plan}', plan);
}

function differences(before: Books, after: Books): readonly { readonly payment: string; readonly postings: readonly Posting[] }[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key)?.amounts, after.get(key)?.amounts];
    const postings = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].flatMap((each): readonly Posting[] => {
      const posting = is?.get(each) ?? was?.get(each);
      const amountMinor = (is?.get(each)?.amountMinor ?? 0) - (was?.get(each)?.amountMinor ?? 0);
      return posting && amountMinor !== 0 ? [{ ...posting, amountMinor }] : [];
    });
    return postings.length > 0 ? [{ payment: (after.get(key) ?? before.get(key))?.id ?? key, postings }] : [];
  });
}

function headOf(
  { event, row, recordedAt }: { readonly event: OrderEvent; readonly row: LogRow; readonly recordedAt: string },
  payment: string,
): Pick<JournalEntry, 'date' | 'what' | 'place'> {
  const place = `${row.stream}@${row.revision}`;
  const day = (time: string): string => time.slice(0, 10);
  switch (event.type) {
    case 'PaymentObserved': {
      const { fact, occurredAt, asOf } = event.data;
      const what = fact.kind === 'attempt' ? fact.status : `${fact.kind} ${fact.id} ${fact.status}`;
      return {
        date: day(occurredAt ?? asOf),
        what: event.data.payment.id === payment ? what : `after ${what} of ${event.data.payment.id}`,
        place,
      };
    }
    case 'ReviewResolved':
      return { date: day(recordedAt), what: `review ${event.data.reviewId} resolved`, place };
    case 'OrderWithdrawn':
      return { date: day(recordedAt), what: 'order withdrawn', place };
    case 'PaymentMoved':
      return { date: day(recordedAt), what: `moved to order ${event.data.toOrderId}`, place };
    default:
      return { date: day(recordedAt), what: event.type === 'OrderPlaced' ? 'order placed' : event.type, place };
  }
}

/** Returns which modes the log has payments of, so that the caller can choose one. @throws LedgerError `corrupt`. */
export async function modesIn(log: LogReader): Promise<ReadonlySet<'live' | 'test'>> {
  const modes = new Set<'live' | 'test'>();
  for await (const rows of log.rows()) {
    for (const row of rows) {
      if (row.type !== 'PaymentObserved') continue;
      modes.add((storedEvent(row).data as { payment?: PaymentReference }).payment?.livemode ? 'live' : 'test');
    }
    if (modes.size === 2) break;
  }
  return modes;
}
