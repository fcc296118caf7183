// Which streams are a ledger's own, and what each is about, for people who read of one in an alert or a finding.
import { ledgerAggregate } from './ledger-stream.ts';
import { orderAggregate } from './order-aggregate.ts';
import { policyAggregate } from './policy-stream.ts';
import { referenceAggregate } from './reference-streams.ts';
import { slotAggregate } from './run-slot.ts';
import { runAggregate } from './run-streams.ts';
import { memberSlotAggregate } from './slot-streams.ts';
import { subscriptionAggregate } from './subscription-aggregate.ts';
import { sweepAggregate } from './sweep-streams.ts';
import { unreadableAggregate } from './unreadable-streams.ts';

/** How the names of a ledger's streams begin. */
export const ourPrefixes: readonly string[] = [
  policyAggregate.stream(''),
  ledgerAggregate.stream(''),
  orderAggregate.stream(''),
  referenceAggregate.stream(''),
  sweepAggregate.stream(''),
  unreadableAggregate.stream(''),
  slotAggregate.stream(''),
  runAggregate.stream(''),
  subscriptionAggregate.stream(''),
  memberSlotAggregate.stream(''),
];

export interface OurStream {
  /** The order, where the stream is one. */
  readonly orderId?: string;
  /** What the stream tells, as in `all about order 1`. */
  readonly tells: string;
}

/** Undefined: the stream is none of ours. */
export function ourStream(name: string): OurStream | undefined {
  const named = (prefix: string, tells: (id: string) => string): OurStream | undefined =>
    name.startsWith(prefix) ? { tells: tells(name.slice(prefix.length)) } : undefined;
  if (name === policyAggregate.stream('')) return { tells: 'the policies that decisions were made under' };
  if (name === ledgerAggregate.stream('')) return { tells: 'the identity of the ledger' };
  const order = named(orderAggregate.stream(''), (id) => `all about order ${id}: its payments, its access and its deliveries`);
  if (order) return { ...order, orderId: name.slice(orderAggregate.stream('').length) };
  if (name === slotAggregate.stream('')) return { tells: 'which bulk run goes on' };
  return (
    named(runAggregate.stream(''), (id) => `what bulk run ${id} was asked for, and how far it has come`) ??
    named(subscriptionAggregate.stream(''), (id) => `all about subscription ${id}: its invoices, its access and its deliveries`) ??
    named(memberSlotAggregate.stream(''), (id) => `which subscriptions member ${id} started, one of a kind at a time`) ??
    named(referenceAggregate.stream(''), (id) => `to which order or subscription the payment or session ${id} belongs`) ??
    named(sweepAggregate.stream(''), (tier) => `how far the poll has read with its tier ${tier}`) ??
    named(unreadableAggregate.stream(''), (id) => `that the provider's object ${id} could not be read`)
  );
}
