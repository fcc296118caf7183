// Moving a payment: a person corrects its owner, until access was given on it. The interleavings are explored one
// store call at a time on the real code, with a crash before or after each of them.

import { describe, expect, test } from 'vitest';
import { defined } from './defined.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome } from './faulty-store.test-support.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { exploreAll } from './interleavings.test-support.ts';
import { createPaymentLedger } from './ledger.ts';
import type { Observation, Source } from './observation.ts';
import type { PaymentLedger } from './payment-ledger.ts';
import { openPaymentProcess } from './payment-process.test-support.ts';

const account = 'acct_1';
const by = { actor: 'support-1', reason: 'customer paid the wrong order' };
const payment = { provider: 'stripe', account, livemode: false, id: 'pi_1' };
const session = { ...payment, id: 'cs_1' };
const order = { memberId: 'member-1', plan: 'pro', amountMinor: 1_000, currency: 'usd', account, livemode: false };

function report(source: Exclude<Source, 'manual'>, totalMinor: number, orderId?: string): Observation {
  return {
    source,
    payment,
    ...defined({ orderId }),
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd' } },
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: payment.id },
  };
}

function ledgerOn(log: MemoryLog): PaymentLedger {
  return createPaymentLedger({ eventStore: openMemoryEventStore({ log }), background: false });
}

async function placed(ledger: PaymentLedger, ...orderIds: readonly string[]): Promise<void> {
  for (const orderId of orderIds) await ledger.placeOrder({ ...order, orderId });
}

/** From the log alone: the orders that were granted or restored on the payment. */
function ordersGranted(log: MemoryLog): readonly string[] {
  const granted = log.rows.filter(({ type }) => type === 'MembershipGranted' || type === 'MembershipRestored');
  return [...new Set(granted.map(({ stream }) => stream))];
}

async function statusOf(ledger: PaymentLedger, orderId: string): Promise<string | undefined> {
  return (await ledger.order(orderId))?.membership;
}

describe('a payment is moved', () => {
  test('with its observations; the old order forgets it, and the new one is granted', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a', 'b');
    await ledger.observePayment(report('webhook', 900, 'a')); // Less than `a` costs: it does not count.
    expect((await ledger.order('a'))?.openReviews).toHaveLength(1);
    await ledger.placeOrder({ ...order, orderId: 'c', amountMinor: 900 });

    expect(await ledger.movePayment(payment, 'c', by)).toEqual({ outcome: 'moved' });
    expect(await ledger.order('a')).toMatchObject({ payment: 'none', membership: 'none', openReviews: [] });
    expect(await ledger.order('c')).toMatchObject({ payment: 'paid', membership: 'active', grantedBy: 'webhook', openReviews: [] });
    expect((await ledger.orderOf(payment.id))?.orderId).toBe('c');
    expect(await ledger.movePayment(payment, 'c', by)).toEqual({ outcome: 'exists' });
  });

  test('and what other sources say of it goes to its new owner, although its metadata names the old one', async () => {
    const log = createMemoryLog();
    const [support, webhook] = [ledgerOn(log), ledgerOn(log)];
    await placed(support, 'a', 'b');
    await webhook.observePayment({ ...report('webhook', 1_000, 'a'), fact: { kind: 'attempt', status: 'processing' } });
    expect(await support.movePayment(payment, 'b', by)).toEqual({ outcome: 'moved' });
    // This process has the old link in its cache.
    expect(await webhook.observePayment(report('webhook', 1_000, 'a'))).toMatchObject({ outcome: 'granted', orderId: 'b' });
    expect(await support.observePayment(report('poll', 1_000, 'a'))).toMatchObject({ outcome: 'recorded', orderId: 'b' });
    expect(await support.order('b')).toMatchObject({ membership: 'active', openReviews: [] });
    expect(await support.order('a')).toMatchObject({ membership: 'none', openReviews: [] });
  });

  test('never once access was given on it', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a', 'b');
    await ledger.observePayment(report('webhook', 1_000, 'a'));
    expect(await ledger.movePayment(payment, 'b', by)).toEqual({ outcome: 'already_granted' });
    await ledger.observePayment({
      ...report('webhook', 1_000, 'a'),
      fact: { kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 1_000 },
    });
    expect(await statusOf(ledger, 'a')).toBe('revoked');
    expect(await ledger.movePayment(payment, 'b', by)).toEqual({ outcome: 'already_granted' });
  });

  test('by its id: who errs in its account or mode moves nothing that access was given on', async () => {
    const log = createMemoryLog();
    const ledger = ledgerOn(log);
    await placed(ledger, 'a', 'b');
    await ledger.observePayment(report('webhook', 1_000, 'a'));
    expect(await ledger.movePayment({ ...payment, account: 'acct_2' }, 'b', by)).toEqual({ outcome: 'already_granted' });
    expect(await ledger.observePayment(report('poll', 1_000, 'a'))).toMatchObject({ outcome: 'recorded', orderId: 'a' });
    expect(ordersGranted(log)).toEqual(['order-a']);
  });

  test('by its id: all that was said under it goes along, and a process with the old link goes on to the new owner', async () => {
    const log = createMemoryLog();
    const [support, webhook] = [ledgerOn(log), ledgerOn(log)];
    await placed(support, 'a', 'b');
    await webhook.observePayment({ ...report('webhook', 1_000, 'a'), fact: { kind: 'attempt', status: 'processing' } });
    expect(await support.movePayment({ ...payment, livemode: true }, 'b', by)).toEqual({ outcome: 'moved' });
    expect(await webhook.observePayment(report('webhook', 1_000, 'a'))).toMatchObject({ outcome: 'granted', orderId: 'b' });
    await support.observePayment(report('poll', 1_000, 'a'));
    expect(await support.order('a')).toMatchObject({ payment: 'none', membership: 'none' });
    expect(ordersGranted(log)).toEqual(['order-b']);
  });

  test('`exists` means that all has followed, also where whoever moved it died half-way', async () => {
    const log = createMemoryLog();
    const faults: Faults = {};
    const dying = createPaymentLedger({ eventStore: openFaultyStore(openMemoryEventStore({ log }), faults), background: false });
    const another = ledgerOn(log);
    await placed(dying, 'a', 'b');
    await dying.observePayment({ ...report('webhook', 1_000, 'a'), fact: { kind: 'attempt', status: 'processing' } });
    faults.before = ({ method, stream }) => {
      if (method === 'append' && stream === 'order-b') throw unknownOutcome();
    };
    await expect(dying.movePayment(payment, 'b', by)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await another.order('b')).toMatchObject({ payment: 'none' });
    expect(await another.movePayment(payment, 'b', by)).toEqual({ outcome: 'exists' });
    expect(await another.order('b')).toMatchObject({ payment: 'processing' });
  });

  test('never back to an order that it left', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a', 'b', 'c');
    await ledger.observePayment(report('webhook', 900, 'a'));
    expect(await ledger.movePayment(payment, 'b', by)).toEqual({ outcome: 'moved' });
    expect(await ledger.movePayment(payment, 'a', by)).toEqual({ outcome: 'left_before' });
    expect(await ledger.movePayment(payment, 'c', by)).toEqual({ outcome: 'moved' });
    expect(await ledger.movePayment(payment, 'b', by)).toEqual({ outcome: 'left_before' });
  });

  test('also one that nobody owned: what was held is handed on', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a');
    expect(await ledger.observePayment(report('webhook', 1_000))).toMatchObject({ outcome: 'held' });
    expect(await ledger.movePayment(payment, 'a', by)).toEqual({ outcome: 'moved' });
    expect(await statusOf(ledger, 'a')).toBe('active');
  });

  test('not where nothing was ever reported under the id', async () => {
    const log = createMemoryLog();
    const ledger = ledgerOn(log);
    await placed(ledger, 'a', 'b');
    await ledger.attachCheckout('a', session);
    const events = log.rows.length;
    expect(await ledger.movePayment({ ...payment, id: 'pi_typo' }, 'b', by)).toEqual({ outcome: 'unknown_payment' });
    expect(await ledger.movePayment(session, 'b', by)).toEqual({ outcome: 'unknown_payment' });
    expect(log.rows).toHaveLength(events);
    expect((await ledger.orderOf(session.id))?.orderId).toBe('a');
  });

  test('also one that only paused its order: no access was given on it', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'b');
    await ledger.observePayment(report('webhook', 1_000, 'a'));
    const dispute = { kind: 'dispute', id: 'dp_1', status: 'open', amountMinor: 1_000, returnedDebit: false, movements: 1 } as const;
    await ledger.observePayment({ ...report('webhook', 1_000, 'a'), fact: dispute });
    await placed(ledger, 'a'); // Paid and disputed before it was placed.
    expect(await statusOf(ledger, 'a')).toBe('none');
    expect(await ledger.movePayment(payment, 'b', by)).toEqual({ outcome: 'moved' });
    expect(await ledger.order('a')).toMatchObject({ payment: 'none', membership: 'none' });
    expect(await ledger.order('b')).toMatchObject({ payment: 'disputed', membership: 'suspended' }); // Recorded as it came.
    await ledger.observePayment({ ...report('webhook', 1_000), fact: { ...dispute, status: 'won', movements: 2 } });
    expect([await statusOf(ledger, 'a'), await statusOf(ledger, 'b')]).toEqual(['none', 'active']);
  });

  test('not to an order that is not placed', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await expect(ledger.movePayment(payment, 'nowhere', by)).rejects.toMatchObject({ code: 'order_unknown' });
  });
});

describe('by the id of its session', () => {
  test('the payment moves, with all that was said of it', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a', 'b');
    await ledger.attachCheckout('a', session);
    await ledger.observePayment({ ...report('webhook', 900), aliases: [session.id] });
    await ledger.placeOrder({ ...order, orderId: 'c', amountMinor: 900 });
    expect(await ledger.movePayment(session, 'c', by)).toEqual({ outcome: 'moved' });
    expect(await ledger.order('a')).toMatchObject({ payment: 'none', membership: 'none', openReviews: [] });
    expect(await ledger.order('c')).toMatchObject({ payment: 'paid', membership: 'active' });
    expect(await ledger.movePayment(session, 'c', by)).toEqual({ outcome: 'exists' });
    expect(await ledger.movePayment(session, 'a', by)).toEqual({ outcome: 'left_before' });
    expect(await ledger.movePayment(session, 'b', by)).toEqual({ outcome: 'already_granted' });
  });

  test('never once access was given on the payment', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a', 'b');
    await ledger.attachCheckout('a', session);
    await ledger.observePayment({ ...report('webhook', 1_000), aliases: [session.id] });
    expect(await ledger.movePayment(session, 'b', by)).toEqual({ outcome: 'already_granted' });
    expect([await statusOf(ledger, 'a'), await statusOf(ledger, 'b')]).toEqual(['active', 'none']);
  });

  test('held facts that nobody owned go along', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a');
    expect(await ledger.observePayment({ ...report('webhook', 1_000), aliases: [session.id] })).toMatchObject({ outcome: 'held' });
    expect(await ledger.movePayment(session, 'a', by)).toEqual({ outcome: 'moved' });
    expect(await statusOf(ledger, 'a')).toBe('active');
    expect((await ledger.orderOf(payment.id))?.orderId).toBe('a');
  });

  test('a payment that belongs to another order than its session moves from there', async () => {
    const log = createMemoryLog();
    const ledger = ledgerOn(log);
    await placed(ledger, 'a', 'b');
    await ledger.observePayment({ ...report('webhook', 900), aliases: [session.id] }); // Held under both names.
    await openPaymentProcess(openMemoryEventStore({ log }), instantRuntime('dies')).references.link(payment.id, 'a');
    expect(await ledger.movePayment(session, 'b', by)).toEqual({ outcome: 'moved' });
    expect((await ledger.orderOf(payment.id))?.orderId).toBe('b');
    expect(await ledger.order('a')).toMatchObject({ payment: 'none' });
  });

  test('which of several payments is meant must be said', async () => {
    const ledger = ledgerOn(createMemoryLog());
    await placed(ledger, 'a', 'b');
    await ledger.attachCheckout('a', session);
    for (const id of ['pi_1', 'pi_2'])
      await ledger.observePayment({ ...report('webhook', 900), payment: { ...payment, id }, aliases: [session.id] });
    await expect(ledger.movePayment(session, 'b', by)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('pi_1, pi_2'),
    });
    expect(await ledger.movePayment({ ...payment, id: 'pi_2' }, 'b', by)).toEqual({ outcome: 'moved' });
    expect((await ledger.orderOf(session.id))?.orderId).toBe('a'); // It still has a payment of the session.
  });

  test('a webhook says paid of the session while a person moves it', async () => {
    const met = new Set<string>();
    await exploreAll({ preemptions: 2, crashes: false }, async ({ log, store, run }) => {
      const start = ledgerOn(log);
      await placed(start, 'a', 'b');
      await start.attachCheckout('a', session);
      const support = createPaymentLedger({ eventStore: store('support'), background: false });
      const webhook = createPaymentLedger({ eventStore: store('webhook'), background: false });
      const observation = { ...report('webhook', 900), aliases: [session.id] };
      let outcome = '';
      await run([
        async () => {
          ({ outcome } = await support.movePayment(session, 'b', by));
        },
        async () => void (await webhook.observePayment(observation)),
      ]);
      met.add(outcome);
      const end = ledgerOn(log);
      await end.settle();
      // What the person is answered is what became of the payment.
      const payments = await Promise.all(['a', 'b'].map(async (orderId) => (await end.order(orderId))?.payment));
      expect(payments).toEqual(outcome === 'moved' ? ['none', 'paid'] : ['paid', 'none']);
    });
    expect([...met].sort()).toEqual(['moved', 'unknown_payment']);
  });
});

describe('`orderOf` in a process that has the old link in its cache', () => {
  test.each([payment.id, 'cs_1'])('follows a move that another process made: %s', async (name) => {
    const log = createMemoryLog();
    const [support, other] = [ledgerOn(log), ledgerOn(log)];
    await placed(support, 'a', 'b', 'c');
    await support.attachCheckout('a', session);
    await support.observePayment({ ...report('webhook', 900), aliases: [session.id] });
    expect((await other.orderOf(name))?.orderId).toBe('a');
    await support.movePayment(payment, 'b', by);
    expect((await other.orderOf(name))?.orderId).toBe('b');
    await support.movePayment(payment, 'c', by);
    expect((await other.orderOf(name))?.orderId).toBe('c');
  });
});

describe('law 3: whatever races and wherever a process dies, a moved payment grants one order', () => {
  /** Afterwards: a new process rolls forward, the source that was not answered says it again. */
  async function endsWell(log: MemoryLog, report: Observation): Promise<void> {
    const rescuer = ledgerOn(log);
    await rescuer.settle();
    await rescuer.observePayment(report);
    const owner = (await rescuer.orderOf(payment.id))?.orderId;
    const granted = ordersGranted(log);
    expect(granted).toEqual([`order-${owner}`]);
    expect(await statusOf(rescuer, owner ?? '')).toBe('active');
    // Each observation of the payment stands with its owner too.
    const [rows, observations] = [log.rows, (await rescuer.history(owner ?? '')).filter(({ type }) => type === 'PaymentObserved')];
    const facts = rows
      .filter(({ type }) => type === 'PaymentObserved')
      .map(({ data }) => (JSON.parse(data) as { factKey: string }).factKey);
    expect(new Set(observations.map(({ data }) => (data as { factKey: string }).factKey))).toEqual(new Set(facts));
  }

  test('a webhook says paid while a person moves the payment', async () => {
    const met = new Set<string>();
    const runs = await exploreAll({ preemptions: 2, crashes: true }, async ({ log, store, run }) => {
      const start = ledgerOn(log);
      await placed(start, 'a', 'b');
      await start.observePayment({ ...report('webhook', 1_000, 'a'), fact: { kind: 'attempt', status: 'processing' } });
      const support = createPaymentLedger({ eventStore: store('support'), background: false });
      const webhook = createPaymentLedger({ eventStore: store('webhook'), background: false });
      await webhook.orderOf(payment.id); // It knows the old link.
      const observation = report('webhook', 1_000, 'a');
      const { crashed } = await run([
        async () => met.add((await support.movePayment(payment, 'b', by)).outcome),
        async () => met.add((await webhook.observePayment(observation)).outcome),
      ]);
      met.add(`crashed: ${crashed}`);
      await endsWell(log, observation);
      met.add(ordersGranted(log).join());
    });
    expect(runs).toBeGreaterThan(100);
    expect([...met].sort()).toEqual(
      ['already_granted', 'crashed: support', 'crashed: undefined', 'crashed: webhook', 'granted', 'moved', 'order-a', 'order-b'].sort(),
    );
  });

  test('two persons move it to different orders', async () => {
    const met = new Set<string>();
    const runs = await exploreAll({ preemptions: 3, crashes: false }, async ({ log, store, run }) => {
      const start = ledgerOn(log);
      await placed(start, 'a', 'b', 'c');
      await start.observePayment({ ...report('webhook', 1_000, 'a'), fact: { kind: 'attempt', status: 'processing' } });
      const one = createPaymentLedger({ eventStore: store('one'), background: false });
      const other = createPaymentLedger({ eventStore: store('other'), background: false });
      await run([
        async () => met.add((await one.movePayment(payment, 'b', by)).outcome),
        async () => met.add((await other.movePayment(payment, 'c', by)).outcome),
      ]);
      await endsWell(log, report('webhook', 1_000, 'a'));
      met.add(ordersGranted(log).join());
    });
    expect(runs).toBeGreaterThan(100);
    expect(met).toContain('order-b');
    expect(met).toContain('order-c');
  });
});
