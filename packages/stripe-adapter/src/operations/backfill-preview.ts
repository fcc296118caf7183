// What taking in a payment would come to: the ledger decides in a dry run of its one write path.
import { createPaymentLedger, type OrderView, type PaymentLedger, type PlaceOrder, readOrderEvent, type Statement } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { refusalText } from './backfilled.ts';
import type { ShopOrder } from './shop-orders.ts';

/** The outcome that `observePayment` would have. @throws LedgerError of the store. */
export async function previewPayment(
  statement: Statement,
  { orderId }: OrderView,
  ledger: PaymentLedger,
): Promise<{ readonly outcome: 'granted' | 'review' | 'recorded' | 'duplicate' | 'held' }> {
  const preview = await ledger.forAdapters.wouldObserve([{ ...statement, orderId, source: 'poll' }]);
  if (preview.outcome === 'held') return preview;
  if (preview.outcome === 'of_subscription') return { outcome: 'duplicate' };
  if (preview.membership === 'active') return { outcome: 'granted' };
  if (preview.reviews.length > 0) return { outcome: 'review' };
  return { outcome: preview.isNew ? 'recorded' : 'duplicate' };
}

/**
 * Whether a paid order of the shop's own list, of which no money went back, would be granted; else why not. It is decided by a
 * ledger in memory, which has the order as far as the real one has it: so no second set of rules exists.
 *
 * @throws LedgerError of the store.
 */
export async function previewShopOrder(
  order: ShopOrder,
  statement: Statement,
  ledger: PaymentLedger,
): Promise<{ readonly outcome: 'granted' | 'review' } | { readonly refused: string }> {
  const { orderId, memberId, plan, amountMinor, currency, paymentId } = order;
  const scratch = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    background: false,
    readModels: ':memory:',
    runtime: ledger.runtime,
  });
  await using _ = scratch;
  const known = await placedTerms(orderId, ledger);
  if (known) await scratch.placeOrder(known);
  const { account, livemode } = statement.payment;
  const placed = await scratch.placeOrder({ orderId, memberId, plan, amountMinor, currency, account, livemode });
  if (placed.outcome === 'differs') return { refused: refusalText(placed, paymentId) };
  const { outcome } = await scratch.observePayment({ ...statement, orderId, source: 'poll' });
  return { outcome: outcome === 'granted' ? 'granted' : 'review' };
}

/** The terms on which the order is placed. Undefined: it is not. */
async function placedTerms(orderId: string, ledger: PaymentLedger): Promise<PlaceOrder | undefined> {
  for (const stored of await ledger.history(orderId)) {
    const { type, data } = readOrderEvent(stored);
    if (type !== 'OrderPlaced') continue;
    const { expected, placedAt: _, ...placed } = data;
    const { more, ...parts } = expected.allow;
    return { ...placed, amountMinor: expected.amountMinor, currency: expected.currency, allow: { ...parts, more: more === true } };
  }
  return undefined;
}
