// The proving tier: every movement of money on the account. This is the only list that shows late changes (a refund that
// fails, a dispute that moves) as new rows. What moves no money when it ends is read by its id. Where subscriptions are sold, the
// credit notes as well: what is credited to a customer's balance moves no money.

import { attemptOf, defined } from '@paidonce/ledger/adapter';
import type { IntakeResult } from '../intake/intake-result.ts';
import { takePaidInvoices } from '../intake/paid-invoice.ts';
import { isReleasedPart } from '../mapping/refunds-and-disputes.ts';
import { chargeSchema, movementSchema } from '../stripe/money-objects.ts';
import { stripeErrorIn } from '../stripe/stripe-failure.ts';
import { failedPath, identityOf } from '../stripe/stripe-objects.ts';
import type { Answer } from '../stripe/stripe-request.ts';
import { unsettledOrders } from './object-tier.ts';
import { ofAccount } from './of-account.ts';
import { type Round, slackMs } from './round.ts';
import { subscriptionsOf } from './subscription-parts.ts';

/** The row of a capture is newer than its charge. */
const overlapMs = 24 * 3_600_000;
/** How far back to read if the cursor cannot be trusted: rounds run weekly at least. */
const longestPauseMs = 8 * 24 * 3_600_000;

/** @throws LedgerError as `Round.readList`. */
export async function readMoney(round: Round): Promise<void> {
  const { orders, startedAt, parts } = round;
  const fromMs = (round.readUpToMs(longestPauseMs) ?? Date.parse(orders.firstPlacedAt)) - overlapMs;
  await round.readList(
    (window) => parts.calls.balanceTransactions(window),
    { fromMs, toMs: startedAt.getTime() + slackMs },
    (row, answer) => takeMovement(round, row, answer),
  );
  if (orders.hasUnsettled) await reread(round, unsettledOfOrders(round));
  if (orders.subscriptions === undefined || orders.subscriptions.begun === 0) return;
  await reread(round, unsettledOfSubscriptions(round));
  await readCreditNotes(round, fromMs);
}

/** What moved is proved without them: a key that may not read them stops no round. */
async function readCreditNotes(round: Round, fromMs: number): Promise<void> {
  const { startedAt, parts } = round;
  const { intake } = subscriptionsOf(round);
  try {
    // A mark of the movements is no id of this list: then it is read as a whole.
    await round.readList(
      (window) => parts.calls.billing.creditNotes(window),
      { fromMs, toMs: startedAt.getTime() + slackMs },
      (note, answer) => intake.take(note, round.provenanceOf(answer)),
    );
  } catch (error) {
    if (stripeErrorIn(error)?.type !== 'StripePermissionError') throw error;
    parts.log.warn({ err: error }, 'the key may not read credit notes: a credit to a balance of which no event tells is not found');
  }
}

async function takeMovement(round: Round, row: unknown, answer: Answer): Promise<IntakeResult> {
  const { intake } = round.parts;
  const provenance = round.provenanceOf(answer);
  const parsed = movementSchema.safeParse(row);
  if (!parsed.success) {
    const { id } = identityOf(row);
    return intake.recordUnreadable(
      row,
      { type: 'balance_transaction', path: failedPath(parsed.error), ...defined({ objectId: id }) },
      provenance,
    );
  }
  const { source } = parsed.data;
  if (isReleasedPart(parsed.data)) return { outcome: 'ignored' };
  const { object, id } = identityOf(source);
  switch (object) {
    case 'charge':
      return takeCharge(round, source, answer);
    case 'refund':
      return intake.take(source, provenance);
    case 'dispute':
      // Read again, since only its charge tells how much of it is disputed. There are few.
      return id === undefined ? intake.take(source, provenance) : intake.takeById('dispute', id, provenance);
    default:
      return { outcome: 'ignored' }; // Fees, payouts, transfers.
  }
}

/** Reads the payment intent, but only if the ledger does not know it as paid. A charge of another app costs no call. */
async function takeCharge(round: Round, source: unknown, answer: Answer): Promise<IntakeResult> {
  const { intake, ledger, ourLedger } = round.parts;
  const charge = chargeSchema.safeParse(source);
  if (!charge.success) return intake.take(source, round.provenanceOf(answer));
  const { payment_intent: intent, customer } = charge.data;
  if (intent === null) return { outcome: 'ignored' };
  const order = await ledger.orderOf(intent);
  if (order && attemptOf(await ledger.history(order.orderId), intent) === 'paid') return { outcome: 'duplicate', orderId: order.orderId };
  if (order === undefined && !(await ourLedger.made(identityOf(source)))) return takeUnmarked(round, intent, customer);
  return intake.takeById('payment_intent', intent, round.provenanceOf(answer));
}

/**
 * The charge of an invoice bears no mark of ours. Where its customer has a subscription here, and no invoice that is known has it,
 * Stripe is asked what it paid for: an invoice that was made long ago is in no list of new ones.
 */
async function takeUnmarked(round: Round, intent: string, customer: string | null): Promise<IntakeResult> {
  const { ledger, calls, subscriptions } = round.parts;
  const notOurs: IntakeResult = { outcome: 'not_ours' };
  if (subscriptions === undefined || customer === null || (await ledger.forAdapters.subscriptions.ownerOf(intent)) !== undefined)
    return notOurs;
  if (!(await ledger.forAdapters.hasSubscription(customer))) return notOurs;
  const { account, livemode } = round.orders;
  return (await takePaidInvoices(intent, { source: 'poll', account, livemode }, calls, subscriptions.intake)) ?? notOurs;
}

interface Unsettled {
  readonly refunds: readonly string[];
  readonly disputes: readonly string[];
}

/** What ends without a movement of money is in no list of them. */
async function reread(round: Round, unsettled: AsyncIterable<Unsettled>): Promise<void> {
  const { intake, signal } = round.parts;
  for await (const { refunds, disputes } of unsettled) {
    const provenance = round.provenanceOf({ asOf: round.startedAt.toISOString() });
    for (const id of refunds) await round.takeOne(undefined, () => intake.takeById('refund', id, provenance));
    for (const id of disputes) await round.takeOne(undefined, () => intake.takeById('dispute', id, provenance));
    if (signal.aborted) throw round.stopped();
  }
}

async function* unsettledOfOrders(round: Round): AsyncGenerator<Unsettled> {
  for await (const { refunds, disputes } of unsettledOrders(round))
    yield { refunds: refunds.map(({ id }) => id), disputes: disputes.map(({ id }) => id) };
}

function unsettledOfSubscriptions(round: Round): AsyncGenerator<Unsettled> {
  return ofAccount(
    round,
    (page) => round.parts.ledger.forAdapters.unsettledSubscriptions(page),
    ({ reference }) => reference,
  );
}
