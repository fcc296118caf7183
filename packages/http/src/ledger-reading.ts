// What one scrape reads of a ledger and of its payments. A part that does not answer in time is absent, and the others are there.
import { setTimeout } from 'node:timers/promises';
import type { AccountHealth, Backlog, ConsoleReads, PaymentLedger, SubscriptionReads, Totals } from '@paidonce/ledger';
import type { ProcessCounts } from '@paidonce/ledger/adapter';
import type { PollHealth, StripePayments } from '@paidonce/stripe-adapter';
import { queueCounts } from './admin/queue-counts.ts';

type Queues = Awaited<ReturnType<ConsoleReads['queues']>>['queues'];

type SubscriptionCounts = Awaited<ReturnType<SubscriptionReads['counts']>>;

/** What is read from read models is absent until they have caught up once: before that it would be the counts of a part of the log. */
export interface Reading {
  readonly counts: ProcessCounts;
  /** In milliseconds, by the clock of the ledger. */
  readonly now: number;
  /** Absent also while the read models have never caught up. */
  readonly lagMs?: number;
  readonly totals?: Totals;
  /** Over orders and subscriptions. */
  readonly queues?: Queues;
  /** Absent also where the ledger keeps none. */
  readonly subscriptions?: SubscriptionCounts;
  /** Absent where the ledger keeps no subscriptions. */
  readonly looks?: ProcessCounts['looks'];
  readonly backlog?: Backlog;
  readonly accounts?: readonly AccountHealth[];
  readonly poll?: PollHealth;
}

/** Prometheus gives up a scrape after ten seconds, and loses the host's own metrics with it. */
const patienceMs = 2_000;
/** The health of accounts and of the poll takes some reads for each account, and changes slowly. */
const healthForMs = 60_000;
/** Each has time series of its own. With more, only those with the newest webhooks are shown. */
const mostAccounts = 20;

export function ledgerReader(ledger: PaymentLedger, payments: StripePayments): () => Promise<Reading> {
  const { runtime, console, forAdapters } = ledger;
  const soon = <T>(work: () => Promise<T>): Promise<T | undefined> => {
    const late = setTimeout(patienceMs * runtime.patience, undefined, { ref: false });
    return Promise.race([Promise.resolve().then(work), late]).catch(() => undefined);
  };
  const accounts = atMostEach(healthForMs, runtime, () => soon(async () => newest(await console.accountHealth())));
  const poll = atMostEach(healthForMs, runtime, () => soon(() => payments.pollHealth()));
  return async () => {
    const [totals, queues, backlog, subscriptions] = await Promise.all([
      soon(() => console.totals()),
      soon(() => queueCounts(ledger)),
      soon(() => ledger.backlog()),
      soon(async () => console.subscriptions?.counts()),
    ]);
    const counts = forAdapters.processCounts();
    const looks = console.subscriptions ? { looks: counts.looks } : {};
    const about = { counts, ...looks, now: runtime.now().getTime() };
    const lagMs = totals?.lagMs ?? queues?.lagMs ?? backlog?.lagMs;
    if (lagMs === undefined || !Number.isFinite(lagMs)) return about;
    const [ofAccounts, ofPoll] = await Promise.all([accounts(), poll()]);
    return {
      ...about,
      lagMs,
      ...(totals ? { totals } : {}),
      ...(queues ? { queues: queues.queues } : {}),
      ...(backlog ? { backlog } : {}),
      ...(subscriptions ? { subscriptions } : {}),
      ...(ofAccounts ? { accounts: ofAccounts } : {}),
      ...(ofPoll ? { poll: ofPoll } : {}),
    };
  };
}

function newest(accounts: readonly AccountHealth[]): readonly AccountHealth[] {
  return accounts.toSorted((a, b) => (b.lastWebhookAt ?? '').localeCompare(a.lastWebhookAt ?? '')).slice(0, mostAccounts);
}

/** Keeps an answer for a while. What did not answer is asked again by the next call. */
function atMostEach<T>(ms: number, runtime: PaymentLedger['runtime'], read: () => Promise<T | undefined>): () => Promise<T | undefined> {
  let kept: { readonly value: T; readonly atMs: number } | undefined; // Written below, once an answer has come.
  return async () => {
    if (kept !== undefined && runtime.monotonicNowMs() - kept.atMs < ms) return kept.value;
    const value = await read();
    kept = value === undefined ? undefined : { value, atMs: runtime.monotonicNowMs() };
    return value;
  };
}
