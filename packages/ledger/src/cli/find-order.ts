// Finds the one order that a person means by any id that the log holds.
import type { LogReader } from '../audit/log/log-reader.ts';
import { resolveId } from '../audit/resolve-id.ts';
import type { Invocation } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import type { Position } from '../event-store/event-store.ts';
import { measured } from './open-log.ts';

/**
 * Returns the order's id, and says on standard error how it was found if it is another id than the one that was given.
 * @throws LedgerError `order_unknown`: no order has this id, or several have it. Also what the store throws.
 */
export async function findOrder(
  invocation: Invocation,
  log: LogReader,
  given: string,
  asOf: { readonly asOf?: Position },
): Promise<string> {
  const { options, terminal } = invocation;
  const { onEvents } = measured(invocation, 'search', log);
  const { id, orderIds, isHeld, more } = await resolveId(log, given, { ...asOf, onEvents });
  terminal.endProgress();
  const [orderId] = orderIds;
  const then = asOf.asOf === undefined ? '' : ` as of ${options.text('as-of')}`; // Show what the user typed, such as a day.
  if (isHeld) {
    throw new LedgerError(
      'order_unknown',
      `Payment ${id} is held${then}: no order is known for it yet. A person can give it to one: paidonce-stripe move ${id} --to ORDER`,
    );
  }
  if (orderId === undefined)
    throw new LedgerError('order_unknown', `${log.name} knows no order ${id}, and no other id like it${then}. Is it the right log?`);
  if (orderIds.length > 1) {
    const all = `${orderIds.join(', ')}${more ? ' and more' : ''}`;
    throw new LedgerError('order_unknown', `${id} belongs to several orders: ${all}. Name one; of a member, explain --member shows all`);
  }
  if (orderId !== given) terminal.err(`${id} belongs to order ${orderId}.`);
  return orderId;
}
