// A payment method as the sandbox keeps it: with the test card or account behind it.

import type Stripe from 'stripe';
import type { Model } from '../model.ts';
import type { PaymentMethodRecord } from '../state/records.ts';
import { type PaymentOption, paymentOption } from '../test-cards.ts';

export interface MethodFields {
  readonly billing?: Partial<Stripe.PaymentMethod.BillingDetails>;
  readonly metadata?: Record<string, string>;
  readonly customer?: string | null;
}

/** Call it within a transaction. */
export function makeMethod(model: Model, option: PaymentOption, fields: MethodFields = {}): PaymentMethodRecord {
  const id = model.newId('pm_');
  const method: Stripe.PaymentMethod = {
    id,
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null, ...fields.billing },
    ...detailsOf(option),
    created: model.clock.nowSeconds(),
    customer: fields.customer ?? null,
    customer_account: null,
    livemode: false,
    metadata: fields.metadata ?? {},
    type: option.type,
  };
  return model.state.paymentMethods.put({ id, method, option: option.name });
}

/** What a charge was paid with; undefined where that is not known any more. */
export function optionOfMethod(model: Model, id: unknown): PaymentOption | undefined {
  const record = typeof id === 'string' ? model.state.paymentMethods.get(id) : undefined;
  return record && paymentOption(record.option);
}

function detailsOf({ type, last4 }: PaymentOption): Pick<Stripe.PaymentMethod, 'card' | 'konbini' | 'sepa_debit'> {
  if (type === 'konbini') return { konbini: {} };
  if (type === 'sepa_debit') {
    return {
      sepa_debit: { bank_code: '19043', branch_code: '', country: 'AT', fingerprint: null, generated_from: null, last4 },
    };
  }
  return {
    card: {
      brand: 'visa',
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: 'visa',
      exp_month: 12,
      exp_year: 2034,
      fingerprint: `sandbox${last4}`,
      funding: 'credit',
      generated_from: null,
      last4,
      networks: { available: ['visa'], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
  };
}
