// The sure tier: the completed sessions themselves, since Stripe may never have made the event. A hundred a call,
// however many orders are pending; what completed without money is looked at by its payment intent, rarer with age.

import type { AccountUnsettledOrder } from '@paidonce/ledger/adapter';
import type { IntakeResult } from '../intake/intake-result.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import { ofAccount } from './of-account.ts';
import { type Round, slackMs } from './round.ts';
import { isTurnOf } from './turns.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The longest life of a session, with its recovery link, and a day more. */
const sessionLifeMs = 32 * dayMs;

/** @throws LedgerError as `Round.readList`. */
export async function readObjects(round: Round): Promise<void> {
  const { orders, startedAt, parts } = round;
  /** Sessions and payment intents that the list has shown as they are now. */
  const listed = new Set<string>();
  if (orders.awaited) {
    const since = Date.parse(orders.awaited.oldestPlacedAt) - slackMs;
    // The last round read what was complete when it ended. A session created more than a session's life before that cannot
    // have completed since.
    const upToMs = round.readUpToMs(sessionLifeMs);
    const fromMs = upToMs === undefined ? since : Math.max(since, upToMs - sessionLifeMs);
    await round.readList(
      (window) => parts.calls.completeSessions(window),
      { fromMs, toMs: startedAt.getTime() + slackMs },
      (session, answer) => {
        const { id, payment_intent: intent } = identityOf(session);
        for (const name of [id, intent]) if (name !== undefined) listed.add(name);
        return parts.intake.take(session, round.provenanceOf(answer));
      },
    );
  }
  if (orders.hasUnsettled) await readAttempts(round, listed);
}

/** Checks each attempt under way, less often with age: debits take days, vouchers weeks. */
async function readAttempts(round: Round, listed: ReadonlySet<string>): Promise<void> {
  const { parts, startedAt } = round;
  for await (const { attempts } of unsettledOrders(round)) {
    for (const { payment, asOf } of attempts) {
      if (payment.provider !== 'stripe' || listed.has(payment.id)) continue;
      if (!isTurnOf(payment.id, round.number, roundsBetweenReads(startedAt.getTime() - Date.parse(asOf)))) continue;
      await round.takeOne(payment, () => readAttempt(round, payment.id));
    }
    if (parts.signal.aborted) throw round.stopped();
  }
}

/** An attempt of this age is checked in every n-th round. Rounds are hourly. */
export function roundsBetweenReads(ageMs: number): number {
  if (ageMs < dayMs) return 1;
  return ageMs < 7 * dayMs ? 6 : 24;
}

/** Read by its session: an intent alone does not show that the customer cannot try again. */
async function readAttempt(round: Round, paymentId: string): Promise<IntakeResult> {
  const { calls, intake } = round.parts;
  const session = paymentId.startsWith('pi_') ? await calls.sessionOfIntent(paymentId) : await calls.session(paymentId);
  if (session) return intake.take(session.object, round.provenanceOf(session));
  const intent = paymentId.startsWith('pi_') ? await calls.intent(paymentId) : undefined;
  return intent ? intake.take(intent.object, round.provenanceOf(intent)) : { outcome: 'not_ours' };
}

/** The unsettled orders of the round's account and mode. @throws LedgerError of the store. */
export function unsettledOrders(round: Round): AsyncGenerator<AccountUnsettledOrder> {
  return ofAccount(
    round,
    (page) => round.parts.ledger.forAdapters.unsettledOrders(page),
    (order) => order,
  );
}
