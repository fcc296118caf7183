// What the shop's answer to `deliver` means for the log: the decision is settled, or the log is older than the shop.
import type { Deliverable, DeliveryEvent } from '../order/delivery-state.ts';
import type { Proposal, Typed } from '../streams/aggregate.ts';
import { type Alerted, named } from './delivered-streams.ts';

/**
 * What `deliver` may answer. `storedSequence`: the sequence that the shop has stored for the membership now, after the call:
 * an integer from 0 to 2^52, where 0 is none. With it nothing is lost in silence when the log, or the shop's table, was
 * restored from a backup. Above the newest decision of the order: the log is older than the shop, so the membership of now is
 * decided again above it, and delivered. Below the sequence of the call: the shop has not stored it, so it is called again.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a `deliver` without a return statement is right.
export type DeliverAnswer = void | { readonly storedSequence: number };

/** Above it no room would be left for the decisions that follow. */
const highestStored = 2 ** 52;

/**
 * The sequence that the shop has after it was called with `sequence`; where it answers nothing, that one.
 * @throws Error the answer is no sequence, or says that the shop has not stored the decision: the attempt has failed.
 */
export function storedAnswer(answer: DeliverAnswer, sequence: number): number {
  if (answer === undefined || answer === null) return sequence;
  const { storedSequence: stored }: { readonly storedSequence?: unknown } = answer;
  if (typeof stored !== 'number' || !Number.isSafeInteger(stored) || stored < 0 || stored > highestStored) {
    throw new Error(`deliver answered ${JSON.stringify(answer)}. Answer { storedSequence }, an integer from 0 to 2^52, or nothing`);
  }
  if (stored < sequence) {
    throw new Error(
      `deliver answered storedSequence ${stored}: decision ${sequence} was not stored. Answer what the shop has after the call`,
    );
  }
  return stored;
}

interface Answered {
  /** The decision that was delivered. */
  readonly sequence: number;
  /** What the shop has since. */
  readonly stored: number;
}

/**
 * Settles the decision; where the shop is ahead of the order, decides the membership of now above what it has. `ahead again`:
 * the decision was raised above the shop before, and the shop claims once more to have a higher one.
 */
export function settle<Event extends Typed>(
  { sequence: newest, delivery }: Deliverable,
  { sequence, stored }: Answered,
  decideAbove: (stored: number) => readonly Event[],
): Proposal<Event | DeliveryEvent, 'delivered' | 'raised' | 'ahead again'> {
  // The expected revision of the append repeats this check: a newer decision of another process makes it a conflict.
  if (stored > newest) {
    if (delivery.raised) return { events: [], answer: 'ahead again' };
    return { events: decideAbove(stored), answer: 'raised' };
  }
  const events: readonly DeliveryEvent[] = delivery.settled >= sequence ? [] : [{ type: 'MembershipDelivered', data: { sequence } }];
  return { events, answer: 'delivered', final: true };
}

/** Alerts once, since only one append raises the sequence. @param state after it. @param had our newest decision before. */
export function alertBehind({ sequence }: Deliverable, had: number, { noun, id, log, onAlert }: Alerted): void {
  const subject = noun === 'order' ? 'Order' : 'Subscription';
  const message = `${subject} ${id}: the shop has decision ${sequence - 1}, this log only ${had}, so the log is older than the shop. Was it restored from a backup? The membership of now is decided again as ${sequence}, and delivered. Follow docs/operate/after-a-restore.md: it brings back what the log lacks, and \`paidonce compare\` lists what still differs`;
  log.error({ ...named(noun, id), sequence }, message);
  void onAlert({ kind: 'log_behind_shop', ...named(noun, id), message });
}
