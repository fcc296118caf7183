// 10,000 vouchers wait for their customers, none of them in the list of sessions, so each is read by itself: 33 minutes at five
// calls a second. Meanwhile a webhook is lost. The real poll, on a clock that moves where it waits.
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';

const vouchers = 10_000;
const callersAtOnce = 16;
const hourMs = 3_600_000;
/** The place in the round at which the customer pays. */
const paidAtRead = 2_000;

export interface VoucherRow {
  readonly readsOfTheRound: number;
  readonly minutesOfTheRound: number;
  readonly secondsToGrant: number;
}

export async function waitingVouchers(): Promise<VoucherRow> {
  let aheadMs = 0;
  let onWait = (): void => undefined;
  const runtime = {
    now: () => new Date(Date.now() + aheadMs),
    monotonicNowMs: () => performance.now() + aheadMs,
    sleep: (ms: number) => {
      aheadMs += ms;
      onWait();
      return Promise.resolve();
    },
  };
  await using sandbox = await startStripeSandbox({ automatic: false, settleAfterMs: 1e12, runtime: { now: runtime.now } });
  const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false });
  let grantedAtMs = 0;
  await using ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    runtime: { now: runtime.now },
    deliver: async () => {
      grantedAtMs = runtime.monotonicNowMs();
    },
  });
  await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false, runtime });
  await atOnce(vouchers, async (order) => {
    sandbox.pay(await checkout(payments, `voucher-${order}`), { card: 'voucher', fate: 'never_made' });
  });
  await payments.sweep();
  aheadMs += 2 * hourMs; // By now the list of sessions begins after them.
  const late = await checkout(payments, 'late');
  let [reads, paidAtMs] = [0, 0];
  onWait = () => {
    reads += 1;
    if (reads !== paidAtRead) return;
    paidAtMs = runtime.monotonicNowMs();
    sandbox.pay(late, { fate: 'lost' });
  };
  const startedAtMs = runtime.monotonicNowMs();
  const { calls } = await payments.sweep({ onlyDue: true });
  const endedAtMs = runtime.monotonicNowMs();
  await ledger.settle();
  if (grantedAtMs === 0) throw new Error('the order whose webhook was lost has no access');
  const row: VoucherRow = {
    readsOfTheRound: calls,
    minutesOfTheRound: Math.round((endedAtMs - startedAtMs) / 60_000),
    secondsToGrant: Math.round((grantedAtMs - paidAtMs) / 1_000),
  };
  console.table([row]);
  return row;
}

async function checkout(payments: StripePayments, orderId: string): Promise<string> {
  const order = { orderId, memberId: 'member-1', plan: 'pro', amountMinor: 4_900, currency: 'usd' };
  return (await payments.startCheckout({ ...order, successUrl: 'https://shop.example/done' })).sessionId;
}

async function atOnce(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: callersAtOnce }, caller));
}
