// The tier that ends: where access is about to change with nothing new said, the subscription is looked at. Our clock, or what we
// know of Stripe's, only chooses when to look; what ends, ends by the time of the look. If Stripe cannot be asked, nothing ends.
import type { DueSubscription } from '@paidonce/ledger/adapter';
import type { IntakeResult } from '../intake/intake-result.ts';
import { ofAccount } from './of-account.ts';
import type { Round } from './round.ts';
import { subscriptionsOf } from './subscription-parts.ts';
import { isTurnOf } from './turns.ts';

/** A day, at the default interval. */
const mostRounds = 96;
/** Longer than processes are down. */
const oldMs = 30 * 24 * 3_600_000;

/** @throws LedgerError as `Round.takeOne`. */
export async function readDue(round: Round): Promise<void> {
  const { parts, startedAt } = round;
  const { clock, vainLooks } = subscriptionsOf(round);
  const now = clock.now?.toISOString() ?? (await parts.calls.now()) ?? startedAt.toISOString();
  round.readAsOf(Date.parse(now));
  let looks = 0;
  for await (const due of dueAt(round, now)) {
    const everyRounds = roundsBetweenLooks(vainLooks.of(due.subscriptionId), Date.parse(now) - Date.parse(due.dueAt));
    if (!isTurnOf(due.subscriptionId, round.number, everyRounds)) continue;
    if (looks === parts.mostLooks) {
      parts.log.warn(
        { tier: round.tier, looks },
        'a round has looked at as many subscriptions as its share of the reads allows; the next one goes on',
      );
      return;
    }
    looks += 1;
    await round.takeOne(undefined, () => look(round, due));
    if (parts.signal.aborted) throw round.stopped();
  }
}

/** What stays due when it was looked at is looked at in every n-th round: Stripe has it no more, or says what nobody understands. */
export function roundsBetweenLooks(vainLooks: number, dueForMs: number): number {
  // A process that is new each time remembers none.
  return dueForMs > oldMs ? mostRounds : Math.min(2 ** vainLooks, mostRounds);
}

const vain: readonly IntakeResult['outcome'][] = ['duplicate', 'ignored', 'not_ours', 'unreadable'];

async function look(round: Round, { subscriptionId, reference }: DueSubscription): Promise<IntakeResult> {
  const { ledger: subscriptions, intake, vainLooks } = subscriptionsOf(round);
  const owner = await subscriptions.subscriptionOf(reference.id);
  if (owner === undefined) return { outcome: 'ignored' };
  const provenance = round.provenanceOf({ asOf: round.startedAt.toISOString() });
  const looked = (await intake.lookAt({ ...owner, reference }, provenance)) ?? { outcome: 'ignored' };
  vainLooks.record(subscriptionId, vain.includes(looked.outcome));
  return looked;
}

function dueAt(round: Round, now: string): AsyncGenerator<DueSubscription> {
  return ofAccount(
    round,
    (page) => round.parts.ledger.forAdapters.dueSubscriptions(now, page),
    ({ reference }) => reference,
  );
}
