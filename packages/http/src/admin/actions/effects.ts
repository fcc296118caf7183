// What a form would do on the order as it is now, from a dry run of the ledger, for the page of a form that came too late.
import type { ManualAction, OrderView, PaymentLedger, Preview, Resolution } from '@paidonce/ledger';
import type { ConsoleCall } from '../../console-call.ts';
import type { OrderFormName } from '../forms.ts';
import { textOf } from './form.ts';
import { paymentIdIn, paymentIn } from './payment-form.ts';
import { heldPayment, paymentOf } from './references.ts';

/** A dry run writes nothing, so nobody is named in it. */
const nobody: ManualAction = { actor: 'preview', reason: 'preview' };

/** Undefined: it would do nothing, or a field is wrong. Then the form itself says so when it is sent. */
export async function effectOf(
  ledger: PaymentLedger,
  call: ConsoleCall,
  name: OrderFormName,
  order: OrderView,
): Promise<readonly Preview[] | undefined> {
  try {
    return await previewOf(ledger, call, name, order);
  } catch {
    return undefined;
  }
}

async function previewOf(
  ledger: PaymentLedger,
  call: ConsoleCall,
  name: OrderFormName,
  order: OrderView,
): Promise<readonly Preview[] | undefined> {
  switch (name) {
    case 'resolve': {
      const how = { resolution: textOf(call, 'resolution') as Resolution, seenRevision: order.revision };
      const done = await ledger.previewResolution(order.orderId, call.params['reviewId'] ?? '', how);
      return done.outcome === 'resolved' ? [done] : undefined;
    }
    case 'observe': {
      const done = await ledger.forAdapters.wouldObserve([paymentIn(ledger, call, order, nobody)]);
      return done.outcome === 'recorded' ? [done] : undefined;
    }
    case 'move':
      return moved(await ledger.previewMove(await paymentOf(ledger, order, paymentIdIn(call)), textOf(call, 'to')));
    case 'link':
      return moved(await ledger.previewMove(await heldPayment(ledger, order, paymentIdIn(call)), order.orderId));
    // The shop gets the newest decision, whatever it is by now; no payment of a withdrawn order counts before.
    case 'redeliver':
      return order.sequence > 0 ? [unchanged(order)] : undefined;
    case 'withdraw':
      return order.sequence > 0 ? undefined : [unchanged(order)];
    case 'recheck':
      return undefined;
  }
}

function moved(done: Awaited<ReturnType<PaymentLedger['previewMove']>>): readonly Preview[] | undefined {
  return done.outcome === 'moved' ? [...(done.from ? [done.from] : []), done.to] : undefined;
}

function unchanged({ orderId, membership }: OrderView): Preview {
  return { orderId, membership, reviews: [] };
}
