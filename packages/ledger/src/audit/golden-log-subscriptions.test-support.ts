// Writes the subscriptions of the later example log with the real ledger: each kind of fact, each decision, each review by a person,
// money that was held, an import, a second subscription, a slot that is taken over, and what delivery meets.
import type { EventStore } from '../event-store/event-store.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';
import type { SubscriptionFact, SubscriptionObservation } from '../subscription/observation.ts';
import {
  allocation,
  creditNote,
  dispute,
  type How,
  lifecycle,
  line,
  paid,
  policy1,
  reference1,
  refund,
  unpaid,
} from '../subscription/story.test-support.ts';
import { support } from './golden-log.test-support.ts';

const { type: _, ...policy } = policy1;
const dayMs = 86_400_000;

/** @param open opens one more handle of the store. @param runtime its clock is moved on. */
export async function writeSubscriptions(open: () => Promise<EventStore>, runtime: Runtime & { advance(ms: number): void }): Promise<void> {
  const refusing = new Set<string>();
  const ledger = createPaymentLedger({
    eventStore: await open(),
    runtime,
    background: false,
    readModels: ':memory:',
    subscriptions: {
      policy: { ...policy, retired: ['price_old'] },
      deliver: async ({ membershipId, sequence }) => {
        if (refusing.has(membershipId)) throw Object.assign(new Error('the table is locked'), { code: '55P03' });
        return membershipId === 'sub-ahead' ? { storedSequence: Math.max(sequence, 3) } : undefined;
      },
    },
  });
  await using __ = ledger;
  const told = teller(ledger, runtime);
  await renewals(told);
  await moneyBack(told);
  await changes(told);
  await people(told);
  await ledger.settle();
  refusing.add('sub-locked');
  await told.begin('locked');
  await told.begin('ahead');
  await ledger.settle({ timeoutMs: 5 });
  refusing.clear();
  await ledger.redeliverSubscription('sub-locked', support);
  await ledger.settle();
}

type Teller = ReturnType<typeof teller>;

function teller(ledger: PaymentLedger, runtime: Runtime & { advance(ms: number): void }) {
  const start = runtime.now().getTime();
  /** The clock goes on to that day of the story, a fraction of a day later than what is told of it. */
  const at = (days: number): string => {
    const to = start + days * dayMs;
    const now = runtime.now().getTime();
    if (now < to) runtime.advance(to - now);
    return new Date(to).toISOString();
  };
  let today = 0;
  const month = (id: string, from: number, differs: Parameters<typeof paid>[2] = {}): SubscriptionFact =>
    paid(id, [{ ...line(0, 30), id: `il_${id}`, from: at(from), to: new Date(start + (from + 30) * dayMs).toISOString() }], differs);
  const observe = async (name: string, days: number, how: How, ...facts: readonly SubscriptionFact[]): Promise<void> => {
    today = Math.max(today, days);
    const asOf = at(days);
    const {
      source = 'webhook',
      subscription = { ...reference1, id: `sub_${name}` },
      subscriptionId = `sub-${name}`,
      doubtful,
      occurredAt,
    } = how;
    const statements = facts.map((fact) => ({
      fact,
      asOf,
      evidence: { objectId: subscription.id, ...(source === 'webhook' ? { eventId: `evt_${name}_${days}` } : {}) },
      ...(occurredAt === undefined ? {} : { occurredAt: at(days) }),
      ...(doubtful ? { doubtful } : {}),
    }));
    const said = { subscription, subscriptionId, statements, source, ...(how.look === undefined ? {} : { look: asOf }) };
    await ledger.observeSubscription((source === 'manual' ? { ...said, by: support } : said) as SubscriptionObservation);
  };
  return {
    ledger,
    at,
    month,
    observe,
    place: (name: string, differs: object = {}) =>
      ledger.placeSubscription({
        subscriptionId: `sub-${name}`,
        memberId: `member-${name}`,
        plan: 'silver',
        account: 'acct_1',
        livemode: true,
        ...differs,
      }),
    look: (name: string, days: number, ...facts: readonly SubscriptionFact[]) =>
      observe(name, days, { source: 'poll', look: 'now' }, ...facts),
    /** A subscription whose first month is paid on the day that the story has come to. */
    begin: async (name: string): Promise<number> => {
      const days = Math.ceil(today);
      today = days + 1;
      await ledger.placeSubscription({
        subscriptionId: `sub-${name}`,
        memberId: `member-${name}`,
        plan: 'silver',
        account: 'acct_1',
        livemode: true,
      });
      await ledger.attachSubscription(
        `sub-${name}`,
        { ...reference1, id: `cs_s_${name}` },
        { expiresAt: new Date(start + 900 * dayMs).toISOString() },
      );
      const paidFor = [
        month(`in_${name}_1`, days, { reason: 'create' }),
        lifecycle('active'),
        allocation(`inpay_${name}`, `in_${name}_1`, `pi_s_${name}`),
      ];
      await observe(name, days + 0.1, {}, ...paidFor);
      return days;
    },
  };
}

async function renewals({ begin, observe, look, month, at, place }: Teller): Promise<void> {
  const first = await begin('renewed');
  await observe('renewed', first + 30, {}, month('in_renewed_2', first + 30, { taxMinor: 80, discountMinor: 100, balanceMinor: 50 }));
  await observe(
    'renewed',
    first + 30.1,
    { source: 'poll', occurredAt: 'then' },
    month('in_renewed_2', first + 30, { taxMinor: 80, discountMinor: 100, balanceMinor: 50 }),
  );
  await observe(
    'renewed',
    first + 30.2,
    { source: 'manual' },
    month('in_renewed_2', first + 30, { taxMinor: 80, discountMinor: 100, balanceMinor: 50 }),
  );
  await look('renewed', first + 64, lifecycle('active'));
  const late = await begin('late');
  await observe('late', late + 30, {}, unpaid('in_late_2'), lifecycle('past_due'));
  await observe('late', late + 35, { doubtful: true }, unpaid('in_late_3'));
  await look('late', late + 47, lifecycle('unpaid'), unpaid('in_late_2', 'uncollectible'));
  const terms = await begin('terms');
  await observe('terms', terms + 29, {}, unpaid('in_terms_2', 'open', { dueAt: at(terms + 44), from: at(terms + 30) }));
  await observe('terms', terms + 45, {}, unpaid('in_terms_2', 'void'));
  const early = terms + 46;
  await observe('early', early, {}, month('in_early_1', early, { reason: 'create' }), lifecycle('active'));
  await place('early', { currency: 'usd' });
}

async function moneyBack({ begin, observe, ledger, at }: Teller): Promise<void> {
  const refunded = await begin('refunded');
  const { payment, ...fact } = refund('pi_s_refunded');
  await ledger.observePayment({
    payment,
    fact,
    asOf: at(refunded + 1),
    source: 'webhook',
    evidence: { objectId: 're_pi_s_refunded', eventId: 'evt_re' },
  });
  await observe('refunded', refunded + 2, {}, refund('pi_s_refunded', 1_000, 'failed'));
  const disputed = await begin('disputed');
  await observe('disputed', disputed + 1, {}, dispute('pi_s_disputed', 'open'));
  await observe('disputed', disputed + 2, {}, dispute('pi_s_disputed', 'won'));
  const noted = await begin('noted');
  await observe('noted', noted + 1, {}, creditNote('in_noted_1'));
  await observe('noted', noted + 2, {}, creditNote('in_noted_1', 1_000, 'void'), {
    ...allocation('inpay_n2', 'in_noted_1', 'pi_s_n2'),
    status: 'canceled',
  });
  const { payment: held, ...heldFact } = refund('pi_s_held');
  await ledger.observePayment({
    payment: held,
    fact: heldFact,
    asOf: at(noted + 3),
    source: 'poll',
    evidence: { objectId: 're_pi_s_held' },
  });
  await observe('noted', noted + 3, {}, lifecycle('active', { endsAt: at(noted + 30) }));
  await begin('held');
}

async function changes({ begin, observe, at }: Teller): Promise<void> {
  const upgraded = await begin('upgraded');
  const gold = {
    ...line(0, 20, { price: 'price_gold', role: 'proration', netMinor: 1_200 }),
    from: at(upgraded + 10),
    to: at(upgraded + 10.5),
  };
  const until = new Date(Date.parse(at(upgraded + 10)) + 20 * dayMs).toISOString();
  const back = { ...line(0, 20, { role: 'credit', credits: 'in_upgraded_1' }), from: at(upgraded + 10), to: until };
  await observe('upgraded', upgraded + 10.6, {}, paid('in_upgraded_2', [{ ...gold, to: until }, back], { reason: 'update' }));
  const paused = await begin('paused');
  await observe('paused', paused + 1, {}, lifecycle('active', { collectionPaused: { resumesAt: at(paused + 20) }, trialEnd: at(paused) }));
  await observe('paused', paused + 20, {}, lifecycle('paused', { because: 'voluntary', collectionPaused: {} }));
  await observe('paused', paused + 21, {}, lifecycle('active', { items: [{ price: 'price_month', quantity: 3 }] }));
}

async function people({ begin, observe, month, ledger, at, place }: Teller): Promise<void> {
  const canceled = await begin('canceled');
  await observe('canceled', canceled + 4, {}, lifecycle('canceled', { endedAt: at(canceled + 4), because: 'payment_failed' }));
  await observe('canceled', canceled + 5, {}, month('in_canceled_2', canceled + 5));
  const { revision: seenRevision = -1 } = (await ledger.subscription('sub-canceled')) ?? {};
  await ledger.resolveSubscriptionReview('sub-canceled', 'r1', { resolution: 'grant', seenRevision }, support);
  const imported = canceled + 6;
  await ledger.importSubscription(
    {
      subscriptionId: 'sub-imported',
      memberId: 'member-imported',
      plan: 'silver',
      account: 'acct_1',
      livemode: true,
      placedAt: at(imported),
    },
    {
      subscription: { ...reference1, id: 'sub_imported' },
      statements: [month('in_imported_9', imported), lifecycle('active')].map((fact) => ({
        fact,
        asOf: at(imported),
        evidence: { objectId: 'sub_imported' },
      })),
      look: at(imported),
    },
    support,
  );
  await observe(
    'renewed',
    imported + 1,
    { subscription: { ...reference1, id: 'sub_second' } },
    month('in_second_1', imported + 1, { reason: 'create' }),
  );
  for (const name of ['left', 'chosen']) {
    await place(name, { memberId: 'member-undecided' });
    await ledger.forAdapters.subscriptions.takeSlot(`sub-${name}`);
  }
  await ledger.forAdapters.subscriptions.openReview('sub-imported', 'subscription_missing');
  await ledger.forAdapters.subscriptions.recordRecheck('sub-imported', support, { looked: 2, recorded: 0 });
}
