// The payments of benchmarks, as each source reports them.
import type { Observation, PaymentReference, Source } from '@paidonce/ledger';

export const account = 'acct_bench';
export const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];

export function payment(order: string | number): PaymentReference {
  return { provider: 'stripe', account, livemode: false, id: `pi_${order}` };
}

export function paid(order: string | number, source: Source): Observation {
  const statement = {
    payment: payment(order),
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: `pi_${order}`, eventId: `evt_${order}`, apiVersion: '2026-10-28.endive' },
  } as const;
  return source === 'manual' ? { ...statement, source, by: { actor: 'support-1', reason: 'bench' } } : { ...statement, source };
}
