// The tier that ends: where access is about to change with nothing new said, the subscription is looked at. Our clock, or what we
// know of Stripe's, only chooses when to look; what ends, ends by the time of the look. If Stripe cannot be asked, nothing ends.
import { defined, type DueSubscription } from '@paidonce/ledger/adapter';
import type { IntakeResult } from '../intake/intake-result.ts';
import type { Round } from './round.ts';
import { subscriptionsOf } from './subscription-parts.ts';
import { isTurnOf } from './turns.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const pageLimit = 100;

/** @throws LedgerError as `Round.takeOne`. */
export async function readDue(round: Round): Promise<void> {
  const { parts, startedAt } = round;
  const { clock } = subscriptionsOf(round);
  const now = clock.now?.toISOString() ?? (await parts.calls.now()) ?? startedAt.toISOString();
  round.readAsOf(Date.parse(now));
  let looks = 0;
  for await (const due of dueAt(round, now)) {
    if (!isTurnOf(due.subscriptionId, round.number, roundsBetweenLooks(Date.parse(now) - Date.parse(due.dueAt)))) continue;
    if (looks === parts.mostLooks) {
      parts.log.warn({ tier: round.tier, looks }, 'a round has looked at as many subscriptions as its share of the reads allows; the next one goes on');
      return;
    }
    looks += 1;
    await round.takeOne(undefined, () => look(round, due));
    if (parts.signal.aborted) throw round.stopped();
  }
}

/** What is due for so long is looked at in every n-th round: Stripe does not have it any more, or says what nobody understands. */
export function roundsBetweenLooks(dueForMs: number): number {
  if (dueForMs < dayMs) return 1;
  return dueForMs < 7 * dayMs ? 4 : 96;
}

async function look(round: Round, { subscriptionId, reference }: DueSubscription): Promise<IntakeResult> {
  const { ledger } = round.parts;
  const { ledger: subscriptions, intake } = subscriptionsOf(round);
  const owner = await subscriptions.subscriptionOf(reference.id);
  if (owner === undefined) return { outcome: 'ignored' };
  const looked = await intake.lookAt({ ...owner, reference }, round.provenanceOf({ asOf: round.startedAt.toISOString() }));
  if (looked) return looked;
  await ledger.forAdapters.subscriptions.openReview(subscriptionId, 'subscription_missing');
  return { outcome: 'ignored' };
}

async function* dueAt({ parts: { ledger }, orders: { account, livemode } }: Round, now: string): AsyncGenerator<DueSubscription> {
  for (let after: string | undefined; ; ) {
    const page = await ledger.forAdapters.dueSubscriptions(now, { limit: pageLimit, ...defined({ after }) });
    yield* page.items.filter(({ reference }) => reference.account === account && reference.livemode === livemode);
    if (page.next === undefined) return;
    after = page.next;
  }
}
