// How a person moves a payment to another order: `PaymentMoved` in the order that has it is the commit point.
import { defined } from './defined.ts';
import { type ManualAction, type PaymentReference, referenceName } from './observation.ts';
import { isStaleFor } from './order/decide.ts';
import type { PaymentMoved } from './order/events.ts';
import { isStale } from './order/news.ts';
import { moveOf } from './order/order.ts';
import { isReported, paymentsNamed } from './order/payment-names.ts';
import type { Runtime } from './runtime.ts';
import type { BelongsTo, MoveOutcome, SeenBoth, StaleAction } from './seen.ts';
import { stale } from './streams/observe-result.ts';
import { type PaymentOwners, paymentNamed, refuseSubscriptions } from './streams/payment-owner.ts';

export type MoveResult = { readonly outcome: MoveOutcome } | BelongsTo | StaleAction;

interface MoveParts {
  /** As the `PaymentWriter`, which calls this. */
  readonly writer: {
    forwardHeld(reference: string): Promise<void>;
    finishMove(fromOrderId: string, moved: PaymentMoved): Promise<void>;
    finishLastMove(reference: string): Promise<void>;
  };
  readonly owners: PaymentOwners;
  readonly runtime: Pick<Runtime, 'now'>;
}

interface Move {
  readonly named: PaymentReference;
  readonly toOrderId: string;
  readonly by: ManualAction;
  readonly seen: SeenBoth;
}

/**
 * Moves the payment to another order, unless it gave access already. By the id of a session the payment that it took moves.
 * `finishMove` does what is left after `PaymentMoved`.
 *
 * @throws LedgerError `belongs_to_subscription`.
 */
export async function movePayment({ writer, owners, runtime }: MoveParts, { named, toOrderId, by, seen }: Move): Promise<MoveResult> {
  const { references, orders } = owners;
  await writer.forwardHeld(referenceName(named)); // What is held has been reported.
  for (;;) {
    const target = await orders.read(toOrderId);
    const payment = await paymentNamed(owners, named);
    const name = referenceName(payment);
    refuseSubscriptions(payment, await references.ownerOf(name));
    await writer.forwardHeld(name);
    const links = await references.links(name);
    const last = links.at(-1);
    if (last === undefined) {
      if ((await references.heldPayments(name)).length === 0) return { outcome: 'unknown_payment' };
      if (isStale(target, seen.toRevision)) return stale(target);
      const { owner } = await references.link(name, toOrderId);
      if (owner !== toOrderId) continue; // Somebody linked it first.
      await writer.forwardHeld(name);
      return { outcome: 'moved' };
    }
    if (last.orderId === toOrderId) {
      await writer.finishLastMove(name);
      return { outcome: 'exists' };
    }
    const { fromOrderId = last.orderId } = seen;
    if (last.orderId !== fromOrderId) return { outcome: 'belongs_to', orderId: last.orderId };
    if (links.some((link) => link.orderId === toOrderId)) return { outcome: 'left_before' };
    if (isStale(target, seen.toRevision)) return stale(target);
    const at = runtime.now().toISOString();
    const seenRevision = defined({ seenRevision: seen.fromRevision });
    const command = { type: 'move', payment, toOrderId, linkRevision: last.revision, by, at, ...seenRevision } as const;
    const { state } = await orders.command(last.orderId, `move ${payment.id}`, command);
    const moved = moveOf(state, payment);
    if (!moved) {
      if (isStaleFor(state, command)) return stale(state);
      if (isReported(state, payment)) return { outcome: 'already_granted' };
      if (paymentsNamed(state, name).length === 0) return { outcome: 'unknown_payment' };
      continue; // Its payment was reported meanwhile.
    }
    await writer.finishMove(last.orderId, moved);
    if (moved.toOrderId === toOrderId) return { outcome: 'moved' }; // Else it was moved elsewhere meanwhile: start again.
  }
}
