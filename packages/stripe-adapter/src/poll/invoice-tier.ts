// The sure tier of subscriptions: the paid invoices themselves, since Stripe may never have made the event. A hundred a call. Stripe
// lists them by when they were made, so those that the ledger has as open are read by their ids too, rarer with age.
import type { OpenInvoices } from '@paidonce/ledger/adapter';
import { ofAccount } from './of-account.ts';
import { type Round, slackMs } from './round.ts';
import { subscriptionsOf } from './subscription-parts.ts';
import { isTurnOf } from './turns.ts';

const dayMs = 24 * 3_600_000;
/** An invoice is charged an hour after it was made, and up to three days where an endpoint fails. */
const overlapMs = 3 * dayMs;
/** How far back to read if the cursor cannot be trusted: rounds run daily at least. */
const longestPauseMs = 8 * dayMs;

/** @throws LedgerError as `Round.readList`. */
export async function readInvoices(round: Round): Promise<void> {
  const { orders, startedAt, parts } = round;
  const { intake } = subscriptionsOf(round);
  const firstMs = Date.parse(orders.subscriptions?.firstPlacedAt ?? orders.firstPlacedAt);
  await round.readList(
    (window) => parts.calls.billing.paidInvoices(window),
    { fromMs: (round.readUpToMs(longestPauseMs) ?? firstMs) - overlapMs, toMs: startedAt.getTime() + slackMs },
    (invoice, answer) => intake.take(invoice, round.provenanceOf(answer)),
  );
  await rereadOpen(round);
}

async function rereadOpen(round: Round): Promise<void> {
  const { parts, startedAt } = round;
  const { intake } = subscriptionsOf(round);
  const provenance = round.provenanceOf({ asOf: startedAt.toISOString() });
  for await (const { invoices, since } of openInvoices(round)) {
    const everyRounds = roundsBetweenReads(startedAt.getTime() - Date.parse(since));
    for (const id of invoices) {
      if (isTurnOf(id, round.number, everyRounds)) await round.takeOne(undefined, () => intake.takeById('invoice', id, provenance));
    }
    if (parts.signal.aborted) throw round.stopped();
  }
}

/** An invoice that is open for so long is read in every n-th round. Rounds are hourly; terms run for up to 120 days. */
export function roundsBetweenReads(ageMs: number): number {
  if (ageMs < dayMs) return 6;
  if (ageMs < 7 * dayMs) return 24;
  return ageMs < 30 * dayMs ? 72 : 168;
}

function openInvoices(round: Round): AsyncGenerator<OpenInvoices> {
  return ofAccount(
    round,
    (page) => round.parts.ledger.forAdapters.openInvoices(page),
    ({ reference }) => reference,
  );
}
