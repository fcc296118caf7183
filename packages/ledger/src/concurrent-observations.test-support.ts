// The observations that 64 callers report at once about one order: from all four sources, of two payments, with duplicates.
import type { Observation, Source } from './observation.ts';
import { order1, paid, payment, saying } from './order/example-order.test-support.ts';
import type { PlaceOrder } from './payment-ledger.ts';
import { asSaid } from './payment-process.test-support.ts';

export function orderNamed(orderId: string): PlaceOrder {
  const { expected, placedAt: _, ...named } = order1;
  return { ...named, orderId, amountMinor: expected.amountMinor, currency: expected.currency };
}

const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];

/** Makes the observations. @param from the process that reports them: its event ids differ, but the facts are the same. */
export function sayings(from: string, orderId: string): readonly Observation[] {
  return Array.from({ length: 64 }, (_, index) => {
    const of = payment(`pi_${orderId}_${Math.floor(index / 4) % 2}`);
    const observed = saying(paid(), { of, source: sources[index % 4] ?? 'webhook', aliases: [`cs_${orderId}`], orderId });
    return asSaid({ ...observed, evidence: { objectId: of.id, eventId: `evt_${from}_${index}` } });
  });
}
