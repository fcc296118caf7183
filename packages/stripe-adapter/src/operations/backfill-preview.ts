// What taking in a payment of an order that is placed would come to: the ledger decides in a dry run of its one write path.
import type { OrderView, PaymentLedger, Statement } from '@paidonce/ledger';

/** The outcome that `observePayment` would have. @throws LedgerError of the store. */
export async function previewPayment(
  statement: Statement,
  { orderId }: OrderView,
  ledger: PaymentLedger,
): Promise<{ readonly outcome: 'granted' | 'review' | 'recorded' | 'duplicate' | 'held' }> {
  const preview = await ledger.forAdapters.wouldObserve([{ ...statement, orderId, source: 'poll' }]);
  if (preview.outcome === 'held') return preview;
  if (preview.membership === 'active') return { outcome: 'granted' };
  if (preview.reviews.length > 0) return { outcome: 'review' };
  return { outcome: preview.isNew ? 'recorded' : 'duplicate' };
}
