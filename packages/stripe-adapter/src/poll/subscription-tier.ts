// The healing tier: all subscriptions of the account, of every state, as they are now. What of one was told out of order, or never,
// is put right by it. A hundred a call; a round is a whole turn.
import { type Round, slackMs } from './round.ts';
import { subscriptionsOf } from './subscription-parts.ts';

/** @throws LedgerError as `Round.readList`. */
export async function readSubscriptions(round: Round): Promise<void> {
  const { startedAt, parts } = round;
  const { intake } = subscriptionsOf(round);
  await round.readList(
    (window) => parts.calls.billing.subscriptions(window),
    { fromMs: 0, toMs: startedAt.getTime() + slackMs }, // One that was imported is older than the ledger.
    (subscription, answer) => intake.take(subscription, round.provenanceOf(answer)),
  );
}
