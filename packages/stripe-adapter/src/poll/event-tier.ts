// The quick tiers: one call lists what happened to sessions, payment intents, refunds and disputes alike. Its cursor is a
// time, read with overlap, since Stripe's events come out of order. Events that Stripe never created are left to the other
// tiers.
import { defined } from '@paidonce/ledger/adapter';
import type { IntakeResult } from '../intake/intake-result.ts';
import { billingEventTypes, eventTypes } from '../stripe/event-types.ts';
import { eventSchema } from '../stripe/stripe-event-objects.ts';
import { failedPath, identityOf } from '../stripe/stripe-objects.ts';
import { type Round, slackMs } from './round.ts';

const overlapMs = 10 * 60_000;
/** How far back to read if the cursor cannot be trusted: rounds run weekly at least. */
const longestPauseMs = 8 * 24 * 3_600_000;
/** Stripe keeps events for 30 days. */
const retentionMs = 30 * 24 * 3_600_000;

/** Payments of invoices that nobody has linked yet: most are of other apps. */
const mostUnlinked = 1_000;

/** @throws LedgerError as `Round.readList`. */
export function readEvents(round: Round): Promise<void> {
  return readEventsOf(round, eventTypes, (take) => take());
}

/**
 * Those of subscriptions, which are a list of their own. What was paid for an invoice may be told before the invoice, so what nobody
 * has linked is told again at the end.
 *
 * @throws LedgerError as `Round.readList`.
 */
export async function readBillingEvents(round: Round): Promise<void> {
  const unlinked: (() => Promise<IntakeResult>)[] = [];
  await readEventsOf(round, billingEventTypes, async (take, object) => {
    const result = await take();
    const isUnlinked = result.outcome === 'not_ours' && identityOf(object).object === 'invoice_payment';
    if (isUnlinked && unlinked.length < mostUnlinked) unlinked.push(take);
    return result;
  });
  if (round.counts.found > 0) for (const take of unlinked) await round.takeOne(undefined, take);
}

type Taking = (take: () => Promise<IntakeResult>, object: unknown) => Promise<IntakeResult>;

async function readEventsOf(round: Round, types: readonly string[], taking: Taking): Promise<void> {
  const { orders, startedAt, parts } = round;
  const now = startedAt.getTime();
  const upToMs = round.readUpToMs(longestPauseMs);
  const since = upToMs === undefined ? Date.parse(orders.firstPlacedAt) - slackMs : upToMs - overlapMs;
  const stretch = { fromMs: Math.max(since, now - retentionMs), toMs: now + slackMs };
  await round.readList(
    (window) => parts.calls.events(types, window),
    stretch,
    (object, answer) => {
      const event = eventSchema.safeParse(object);
      if (event.success) {
        const { data } = event;
        return taking(() => parts.events.takeSnapshot(data, { source: 'poll', account: orders.account }), data.data.object);
      }
      const { id } = identityOf(object);
      return parts.intake.recordUnreadable(
        object,
        { type: 'event', path: failedPath(event.error), ...defined({ objectId: id }) },
        round.provenanceOf(answer),
      );
    },
  );
}
