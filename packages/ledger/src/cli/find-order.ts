// Finds the one order or subscription that a person means by any id that the log holds.
import type { LogReader } from '../audit/log/log-reader.ts';
import { resolveId } from '../audit/resolve-id.ts';
import type { Invocation } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import type { Position } from '../event-store/event-store.ts';
import { measured } from './open-log.ts';

export type FoundOwner = { readonly orderId: string } | { readonly subscriptionId: string };

/**
 * Returns the order's id. @throws LedgerError as `findOwner`. `order_unknown`: the id is of a subscription.
 */
export async function findOrder(
  invocation: Invocation,
  log: LogReader,
  given: string,
  asOf: { readonly asOf?: Position },
): Promise<string> {
  const found = await findOwner(invocation, log, given, asOf);
  if ('orderId' in found) return found.orderId;
  throw new LedgerError(
    'order_unknown',
    `${given} is of subscription ${found.subscriptionId}, and this command is for orders. To see it: paidonce explain ${found.subscriptionId}`,
  );
}

/**
 * Returns the order or the subscription, and says on standard error how it was found if it has another id than the one that was given.
 * @throws LedgerError `order_unknown`: none has this id, or several have it. Also what the store throws.
 */
export async function findOwner(
  invocation: Invocation,
  log: LogReader,
  given: string,
  asOf: { readonly asOf?: Position },
): Promise<FoundOwner> {
  const { options, terminal } = invocation;
  const { onEvents } = measured(invocation, 'search', log);
  const { id, orderIds, subscriptionIds, isHeld, more } = await resolveId(log, given, { ...asOf, onEvents });
  terminal.endProgress();
  const then = asOf.asOf === undefined ? '' : ` as of ${options.text('as-of')}`; // Show what the user typed, such as a day.
  if (isHeld) {
    throw new LedgerError(
      'order_unknown',
      `Payment ${id} is held${then}: no order is known for it yet. A person can give it to one: paidonce-stripe move ${id} --to ORDER`,
    );
  }
  const names = [...orderIds, ...subscriptionIds.map((subscriptionId) => `subscription ${subscriptionId}`)];
  const [orderId, subscriptionId] = [orderIds[0], subscriptionIds[0]];
  // An order and a subscription may have one id: who names it means the order, as ever.
  if (names.length > 1 && !(orderId === id && subscriptionId === id)) {
    const all = `${names.join(', ')}${more ? ' and more' : ''}`;
    throw new LedgerError('order_unknown', `${id} belongs to several orders: ${all}. Name one; of a member, explain --member shows all`);
  }
  if (orderId !== undefined) {
    if (orderId !== given) terminal.err(`${id} belongs to order ${orderId}.`);
    return { orderId };
  }
  if (subscriptionId === undefined)
    throw new LedgerError('order_unknown', `${log.name} knows no order ${id}, and no other id like it${then}. Is it the right log?`);
  if (subscriptionId !== given) terminal.err(`${id} belongs to subscription ${subscriptionId}.`);
  return { subscriptionId };
}
