// How an object that was read from Stripe came to us.
import { defined } from '@paidonce/ledger/adapter';
import type { Provenance } from '../mapping/provenance.ts';
import type { Answer } from '../stripe/stripe-request.ts';

/** The provenance of an answer. Its mode carries over to what it leads to: a charge states one, and its refunds do not. */
export function readProvenance(answer: Answer, { form: _, apiVersion: __, isUndated: ___, ...provenance }: Provenance): Provenance {
  const { object, asOf, isUndated, apiVersion } = answer;
  const stated = typeof object === 'object' && object !== null && 'livemode' in object ? object.livemode : undefined;
  const livemode = provenance.livemode ?? (typeof stated === 'boolean' ? stated : undefined);
  return { ...provenance, asOf, ...defined({ livemode, isUndated, apiVersion }) };
}
