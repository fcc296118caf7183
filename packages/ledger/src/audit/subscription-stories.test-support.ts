// Writes a log of subscriptions by the real write path. Its subscriptions meet each decision and each way to the log: facts before
// the placing, money that was held, batches, looks, rulings, an import and a second subscription. A day here is one of the clock.
import type { EventStore } from '../event-store/event-store.ts';
import { SubscriptionWriter } from '../observe-subscription.ts';
import { defaultPolicy } from '../order/policy.ts';
import { policyAdoption } from '../streams/policy-stream.ts';
import { openReferences } from '../streams/reference-streams.ts';
import { openSlots } from '../streams/slot-streams.ts';
import { openSubscriptionStreams } from '../streams/subscription-streams.ts';
import { openTransactions } from '../streams/transact.ts';
import type { SubscriptionEvent } from '../subscription/events.ts';
import type { SubscriptionFact, SubscriptionObservation } from '../subscription/observation.ts';
import {
  allocation,
  day,
  dispute,
  type How,
  lifecycle,
  line,
  month,
  observed,
  paid,
  placed1,
  policy1,
  reference1,
  refund,
  support,
  unpaid,
} from '../subscription/story.test-support.ts';
import { steadyRuntime } from './golden-log.test-support.ts';

/** Writes the log, and leaves the store open. */
export async function writeSubscriptionStories(store: EventStore): Promise<void> {
  const steady = steadyRuntime();
  let today = 0;
  const runtime = { ...steady, now: () => new Date(Date.parse(day(today)) + (steady.now().getTime() % 3_600_000)) };
  const transactions = openTransactions({ store, runtime, instance: 'one' });
  await policyAdoption(transactions, defaultPolicy)();
  const references = openReferences(transactions);
  const streams = openSubscriptionStreams({ transactions, shared: transactions }, policy1, {});
  const writer = new SubscriptionWriter(references, streams, runtime);

  const place = async (subscriptionId: string): Promise<void> => {
    const subscription = { ...placed1, subscriptionId, memberId: `member-${subscriptionId}`, placedAt: day(today) };
    await streams.command(subscriptionId, 'place', { type: 'place', subscription });
    await writer.attach(subscriptionId, { payment: { ...reference1, id: `cs_${subscriptionId}` }, attachedAt: day(today) });
  };
  /** What is said of the provider's `sub_` of that subscription, on that day. */
  const tell = async (subscriptionId: string, days: number, how: How, ...facts: readonly SubscriptionFact[]): Promise<void> => {
    today = days;
    const subscription = how.subscription ?? { ...reference1, id: `sub_${subscriptionId}` };
    const { source = 'webhook', look, subscriptionId: named = subscriptionId } = how;
    const statements = facts.map((fact) => ({
      fact,
      asOf: day(days),
      evidence: { objectId: subscription.id, ...(source === 'webhook' ? { eventId: `evt_${subscriptionId}_${days}` } : {}) },
      ...(how.doubtful ? { doubtful: true as const } : {}),
    }));
    const said = { subscription, subscriptionId: named, statements, source, ...(look === undefined ? {} : { look }) };
    await writer.observe((source === 'manual' ? { ...said, by: support } : said) as SubscriptionObservation);
  };
  const look = (subscriptionId: string, days: number, ...facts: readonly SubscriptionFact[]): Promise<void> =>
    tell(subscriptionId, days, { source: 'poll', look: day(days) }, ...facts);
  const deliver = async (subscriptionId: string): Promise<void> => {
    await streams.append(subscriptionId, 'deliver', ({ sequence }) => ({
      events: [{ type: 'MembershipDelivered', data: { sequence } } satisfies SubscriptionEvent],
      answer: undefined,
    }));
  };
  const begin = async (subscriptionId: string, days: number): Promise<void> => {
    today = days;
    await place(subscriptionId);
    const first = [
      month(`in_${subscriptionId}_1`, days, { reason: 'create' }),
      lifecycle('active'),
      allocation(`inpay_${subscriptionId}_1`, `in_${subscriptionId}_1`, `pi_${subscriptionId}_1`),
    ];
    await tell(subscriptionId, days + 0.01, {}, ...first);
  };

  await begin('renewed', 0);
  await deliver('renewed');
  await tell('renewed', 30, {}, month('in_renewed_2', 30));
  await tell('renewed', 30.1, { source: 'poll' }, month('in_renewed_2', 30));
  await deliver('renewed');
  await look('renewed', 63, lifecycle('active'));

  today = 64; // Facts come first, of a subscription that nobody has placed.
  await tell('early', 64, {}, month('in_early_1', 64, { reason: 'create' }), lifecycle('active'));
  await place('early');

  await begin('late', 65);
  await tell('late', 95, {}, unpaid('in_late_2'), lifecycle('past_due'));
  await tell('late', 104, {}, month('in_late_2', 95));
  await tell('late', 104.1, {}, lifecycle('active'));

  await begin('refunded', 105);
  await tell('refunded', 106, {}, refund('pi_refunded_1'));
  await deliver('refunded');

  await begin('disputed', 106);
  await tell('disputed', 107, {}, dispute('pi_disputed_1', 'open'));
  await tell('disputed', 108, {}, dispute('pi_disputed_1', 'won'));

  today = 109; // The refund comes before any word that names its payment.
  const held = observed(day(109), refund('pi_held_1'), { subscription: { ...reference1, id: 'pi_held_1' } });
  const { payment, ...fact } = refund('pi_held_1');
  const { subscription: _, fact: __, ...told } = held;
  await references.hold('pi_held_1', { ...told, payment, fact, observedAt: day(109) }, 'webhook re_pi_held_1');
  await begin('held', 109);

  await begin('upgraded', 110);
  const gold = line(120, 140, { price: 'price_gold', role: 'proration', netMinor: 1_200 });
  const back = line(120, 140, { role: 'credit', credits: 'in_upgraded_1' });
  await tell('upgraded', 120, {}, paid('in_upgraded_2', [gold, back], { reason: 'update' }));

  await begin('canceled', 121);
  await tell('canceled', 125, {}, lifecycle('canceled', { endedAt: day(125), because: 'cancellation_requested' }));
  await tell('canceled', 151, {}, month('in_canceled_2', 151)); // Paid by the link in the dunning mail: a person must look.
  const { revision } = await streams.read('canceled');
  await streams.command('canceled', 'resolve r1', {
    type: 'resolve',
    reviewId: 'r1',
    resolution: 'grant',
    seenRevision: revision,
    by: support,
    at: day(151.5),
  });

  today = 160;
  await writer.import(
    { ...placed1, subscriptionId: 'imported', memberId: 'member-imported', origin: 'imported', placedAt: day(100) },
    {
      subscription: { ...reference1, id: 'sub_imported' },
      statements: [month('in_imported_5', 150), lifecycle('active')].map((told) => ({
        fact: told,
        asOf: day(160),
        evidence: { objectId: 'sub_imported' },
      })),
      look: day(160),
      source: 'poll',
    },
    support,
  );

  await begin('first', 161);
  await tell('first', 162, { subscription: { ...reference1, id: 'sub_second' } }, month('in_second_1', 162, { reason: 'create' }));

  // The customer went back and chose another plan: the first checkout is taken over.
  for (const subscriptionId of ['left', 'chosen']) {
    await streams.command(subscriptionId, 'place', {
      type: 'place',
      subscription: { ...placed1, subscriptionId, memberId: 'member-undecided', placedAt: day(today) },
    });
    await openSlots(transactions, streams).take(subscriptionId);
  }
  await tell('chosen', 162.5, {}, month('in_chosen_1', 162, { reason: 'create' }), lifecycle('active'));

  await begin('ahead', 163);
  await streams.append('ahead', 'deliver', () => ({ events: [], answer: undefined }));
  await streams.command('ahead', 'deliver', { type: 'shop_ahead', sequence: 4 });
  await tell('ahead', 164, { doubtful: true }, unpaid('in_ahead_2'));
  await streams.command('ahead', 'recheck', { type: 'recheck', by: support, recheckedAt: day(165), looked: 2, recorded: 0 });
}
