// Writes a second example log with what golden-log.test-support.ts leaves out: imports, long sweeps, every optional field and
// status, other policies, money by hand that was held, a delivery that another process took over, and subscriptions. The real ledger writes the same log in every run.

import type { DeliverAnswer } from '../delivery/shop-ahead.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Fact } from '../observation.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { openStoryProcess, paid, payment, steadyRuntime, support } from './golden-log.test-support.ts';
import { writeSubscriptions } from './golden-log-subscriptions.test-support.ts';

const timeoutMs = 7;
const day = '2026-01-05T08:00:00.000Z';

/** Writes the log. @param open opens one more handle of the same store. The ledger that uses the handle closes it. */
export async function writeLaterStories(open: () => Promise<EventStore>): Promise<void> {
  const steady = steadyRuntime();
  const silentFor = new Set<string>();
  const refusing = new Map<string, { readonly code?: string }>();
  // While the shop does not answer, an attempt reaches its time limit at once.
  const isOver = (ms: number): boolean => ms === timeoutMs && silentFor.size > 0;
  const runtime = { ...steady, sleep: (ms: number, signal?: AbortSignal) => steady.sleep(isOver(ms) ? 0 : ms, signal) };
  const shop = async ({ membershipId, sequence }: MembershipChange, signal: AbortSignal): Promise<DeliverAnswer> => {
    if (refusing.has(membershipId)) throw Object.assign(new Error('the table is locked'), refusing.get(membershipId));
    if (membershipId === 'ahead') return { storedSequence: Math.max(sequence, 3) };
    if (!silentFor.has(membershipId)) return;
    await new Promise((_, failed) => signal.addEventListener('abort', () => failed(new Error('aborted')), { once: true }));
  };
  const first = openStoryProcess(await open(), { runtime, deliver: shop, deliverTimeoutMs: timeoutMs });
  const strict = {
    partialRefund: 'revoke',
    openDispute: 'keep',
    lostDispute: 'keep',
    returnedDebit: 'suspend',
    paidAgain: 'review',
  } as const;
  const second = openStoryProcess(await open(), { runtime, policy: strict });
  const third = openStoryProcess(await open(), { runtime, policy: { fullRefund: 'keep' } });
  await using _ = first.ledger;
  await using __ = second.ledger;
  await using ___ = third.ledger;
  const { ledger, observe, place, resolve } = first;
  const aliases = (orderId: string) => ({ aliases: [`cs_${orderId}`] });
  const refund = (id: string, status: 'requires_action' | 'succeeded' | 'canceled' | 'failed', amountMinor = 4_900): Fact => {
    return { kind: 'refund', id, status, amountMinor };
  };
  const dispute = (status: 'inquiry' | 'open' | 'prevented' | 'lost' | 'won', movements: number, returnedDebit = false): Fact => {
    return { kind: 'dispute', id: 'dp_1', status, amountMinor: 4_900, returnedDebit, movements };
  };

  await place('tried');
  await ledger.attachCheckout('tried', payment('cs_tried_2'), { recoverableUntil: '2026-02-04T09:00:00.000Z' });
  for (const status of ['awaiting_customer', 'attempt_failed', 'authorized', 'failed', 'canceled'] as const)
    await observe('webhook', 'pi_tried', { kind: 'attempt', status }, aliases('tried'));
  await observe('poll', 'pi_tried', paid(4_900), { ...aliases('tried'), occurredAt: day });

  await place('restored');
  await observe('webhook', 'pi_restored', paid(), aliases('restored'));
  for (const status of ['requires_action', 'succeeded', 'failed'] as const) await observe('webhook', 'pi_restored', refund('re_1', status));
  await observe('webhook', 'pi_restored', refund('re_2', 'canceled'));

  await place('returned');
  await observe('webhook', 'pi_returned', paid(), aliases('returned'));
  await observe('webhook', 'pi_returned', dispute('lost', 1, true));

  await place('asked');
  await observe('webhook', 'pi_asked', paid(), aliases('asked'));
  await observe('webhook', 'pi_asked', dispute('inquiry', 0));
  await observe('webhook', 'pi_asked', dispute('prevented', 0));

  await place('refused');
  await observe('webhook', 'pi_refused', paid(4_000), aliases('refused'));
  await resolve('refused', 'revoke');

  await place('elsewhere');
  await observe('webhook', 'pi_elsewhere', paid(), { ...aliases('elsewhere'), payment: payment('pi_elsewhere', { account: 'acct_2' }) });

  await place('beyond');
  await observe('webhook', 'pi_beyond', paid(), aliases('beyond'));
  await observe('webhook', 'pi_beyond', refund('re_6', 'succeeded', 4_000));
  await observe('webhook', 'pi_beyond', refund('re_7', 'succeeded', 4_000));

  await place('generous', 4_900, { more: true });
  await observe('webhook', 'pi_generous', paid(9_800), aliases('generous')); // Two of it: the buyer chose the quantity.

  await place('withdrawn');
  await ledger.withdrawOrder('withdrawn', support);
  await place('regretted');
  await ledger.withdrawOrder('regretted', support);
  await observe('webhook', 'pi_regretted', paid(), aliases('regretted'));
  await resolve('regretted', 'grant');

  // Under other policies, by other processes.
  await third.place('kept');
  await third.observe('webhook', 'pi_kept', paid(), aliases('kept'));
  await third.observe('webhook', 'pi_kept', refund('re_3', 'succeeded'));
  await second.place('partly');
  await second.observe('webhook', 'pi_partly', paid(), aliases('partly'));
  await second.observe('webhook', 'pi_partly', refund('re_4', 'succeeded', 100));
  await second.observe('poll', 'pi_partly_2', paid(), { orderId: 'partly' }); // Waits for a person: `paidAgain` is `review`.
  await second.place('fought');
  await second.observe('webhook', 'pi_fought', paid(), aliases('fought'));
  await second.observe('webhook', 'pi_fought', dispute('open', 1));
  await second.observe('webhook', 'pi_fought', dispute('lost', 1));
  await second.place('waits');
  await second.observe('webhook', 'pi_waits', paid(), aliases('waits'));
  await second.observe('webhook', 'pi_waits', dispute('lost', 1, true));

  await ledger.importOrder(
    {
      orderId: 'imported',
      memberId: 'member-imported',
      plan: 'pro',
      amountMinor: 4_900,
      currency: 'usd',
      account: 'acct_1',
      livemode: true,
      placedAt: day,
    },
    {
      payment: payment('pi_imported'),
      ...aliases('imported'),
      fact: paid(),
      asOf: day,
      evidence: { objectId: 'cs_imported', apiVersion: '2026-10-28.endive' },
    },
    support,
  );
  await observe('webhook', 'pi_imported', refund('re_5', 'succeeded'));
  await ledger.settle();

  // Money by hand that nobody could place at first: it is held, then linked.
  const cash = payment('manual:5f2b', { provider: 'manual' });
  await observe('manual', cash.id, paid(), { payment: cash });
  await place('cash');
  await ledger.attachCheckout('cash', cash);

  // The shop of the first process does not answer, and the second process takes the delivery over.
  silentFor.add('taken');
  await place('taken');
  await observe('webhook', 'pi_taken', paid(), aliases('taken'));
  await ledger.settle();
  await second.ledger.settle();
  runtime.advance(3_600_000);
  await second.ledger.settle();

  await ledger.forAdapters.startSweep('old', 0);
  await ledger.forAdapters.advanceSweep('old', 1, { from: day, to: '2026-01-05T09:00:00.000Z', after: 'cs_7' });
  await ledger.forAdapters.startSweep('old', 1);
  const summary = { lookedAt: 900, calls: 9, found: 1, rescued: 1, otherReads: 3, budgetLeft: 40_000 };
  await ledger.forAdapters.finishSweep('old', 2, { upTo: '2026-01-05T09:00:00.000Z', summary });
  await ledger.forAdapters.recordUnreadable({
    objectId: 'evt_9',
    eventId: 'evt_9',
    type: 'charge.updated',
    apiVersion: '2031-01-01.future',
    account: 'acct_1',
    livemode: true,
    sha256: 'cd'.repeat(32),
    path: 'data.object.amount',
  });
  await ledger.settle();

  // The shop has three decisions that the log lost, so the membership is stated again above them.
  silentFor.clear();
  await place('ahead');
  await observe('webhook', 'pi_ahead', paid(), aliases('ahead'));
  await ledger.settle();

  // A process in shadow finds one membership at the shop, and leaves the other one to who delivers.
  const shadow = openStoryProcess(await open(), {
    runtime,
    shadow: { compare: async ({ membershipId }) => (membershipId === 'shadowed' ? 'same' : 'differs') },
  });
  await using ____ = shadow.ledger;
  for (const orderId of ['shadowed', 'unmatched']) {
    await shadow.place(orderId);
    await shadow.observe('webhook', `pi_${orderId}`, paid(), aliases(orderId));
  }
  await shadow.ledger.settle();
  runtime.advance(60_000);
  await shadow.ledger.settle();
  await ledger.settle();

  // A person links a payment that nobody could place, and has the order read again.
  await observe('webhook', 'pi_found', paid());
  await place('found');
  await ledger.linkPayment(payment('pi_found'), 'found', support);
  await ledger.forAdapters.recordRecheck('found', support, { looked: 2, recorded: 0 });

  // The shop refuses two orders. A person asks for one error of them and takes it back, then for each, then for all with one that
  // has nothing to deliver, then for more unknown ones than a run fails in a row.
  refusing.set('locked', { code: '55P03' });
  refusing.set('closed', {});
  for (const orderId of ['locked', 'closed']) {
    await place(orderId);
    await observe('webhook', `pi_${orderId}`, paid(), aliases(orderId));
  }
  await ledger.settle({ timeoutMs: 100 });
  const { runId } = await ledger.runs.start('redeliver', { undelivered: { error: 'Error/55P03' } }, support);
  await ledger.runs.cancel(runId, support);
  refusing.clear();
  await ledger.redeliver('locked', support);
  await ledger.redeliver('closed', support);
  await ledger.runs.start('redeliver', { orders: ['locked', 'closed', 'tried'] }, support);
  await ledger.settle({ timeoutMs: 50_000 });
  await ledger.runs.start('redeliver', { orders: Array.from({ length: 21 }, (_, index) => `unknown-${index}`) }, support);
  await ledger.settle({ timeoutMs: 50_000 });

  await writeSubscriptions(open, runtime);
}
