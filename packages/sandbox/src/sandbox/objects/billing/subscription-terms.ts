// What the creation and the change of a subscription have in common among their parameters.
import type Stripe from 'stripe';
import { defined } from '../../../defined.ts';
import type { Parameters } from '../../api/parameters.ts';
import { invalidRequest } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { methodNamed } from '../payment-methods.ts';
import { DAY_SECONDS } from './calendar.ts';

export const PRORATIONS = ['create_prorations', 'always_invoice', 'none'] as const;
export type Proration = (typeof PRORATIONS)[number];

/** Accepted, and without an effect here. */
const WITHOUT_EFFECT = ['billing_mode', 'invoice_settings', 'off_session'];

/** What the sandbox does not have of subscriptions is refused by name. @throws StripeApiError 400 */
export function refuseMissing(parameters: Parameters): void {
  parameters.refused('The sandbox has no thresholds.', 'billing_thresholds');
  parameters.refused('The sandbox has no billing schedules.', 'billing_schedules');
  parameters.refused('The sandbox has no transfers and no application fees.', 'application_fee_percent', 'on_behalf_of', 'transfer_data');
  parameters.refused('The sandbox has no tax rates: use automatic_tax.', 'default_tax_rates');
  parameters.refused('The sandbox has no sources: use default_payment_method.', 'default_source');
  parameters.refused('The sandbox invoices pending items with the next period.', 'pending_invoice_item_interval');
  parameters.refused('The sandbox has no trials of prices.', 'trial_from_plan');
  parameters.refused('The sandbox takes the anchor as a time: use billing_cycle_anchor.', 'billing_cycle_anchor_config');
  parameters.refused('The sandbox has no accounts of customers.', 'customer_account');
  parameters.ignored(...WITHOUT_EFFECT);
}

type Fields = Partial<Omit<Stripe.Subscription, 'items'>>;

/** Fields that are stored as they are sent. @param before what they were; undefined for a new subscription. */
export function readPlainFields(model: Model, parameters: Parameters, before: SubscriptionRecord | undefined): Fields {
  const method = parameters.string('default_payment_method');
  const collection = parameters.oneOf('collection_method', ['charge_automatically', 'send_invoice']);
  const days = parameters.integer('days_until_due', { max: 3_650 });
  const description = parameters.has('description') ? (parameters.string('description', { maxLength: 500 }) ?? null) : undefined;
  const isSent = (collection ?? before?.subscription.collection_method) === 'send_invoice';
  if (isSent && collection !== undefined && days === undefined) {
    throw invalidRequest('You must specify `days_until_due` when collection_method is `send_invoice`.', { param: 'days_until_due' });
  }
  if (!isSent && days !== undefined) {
    throw invalidRequest('`days_until_due` goes with collection_method=send_invoice.', { param: 'days_until_due' });
  }
  return {
    metadata: parameters.changedMetadata(before?.subscription.metadata ?? {}),
    ...defined({
      collection_method: collection,
      description,
      default_payment_method: method === undefined ? undefined : methodNamed(model, method, 'default_payment_method').id,
      days_until_due: isSent ? days : collection === undefined ? undefined : null,
      trial_settings: readTrialSettings(parameters),
      payment_settings: readPaymentSettings(parameters),
    }),
  };
}

export function readTrialSettings(parameters: Parameters): Stripe.Subscription.TrialSettings | undefined {
  const end = parameters.hash('trial_settings')?.hash('end_behavior');
  if (!end) return undefined;
  end.ignored('billing_cycle_anchor');
  const missing = end.oneOf('missing_payment_method', ['cancel', 'create_invoice', 'pause']) ?? 'create_invoice';
  return { end_behavior: { billing_cycle_anchor: null, missing_payment_method: missing } };
}

function readPaymentSettings(parameters: Parameters): Stripe.Subscription.PaymentSettings | undefined {
  const settings = parameters.hash('payment_settings');
  if (!settings) return undefined;
  settings.ignored('payment_method_options', 'payment_method_types');
  const saved = settings.oneOf('save_default_payment_method', ['off', 'on_subscription']) ?? 'off';
  return { payment_method_options: null, payment_method_types: null, save_default_payment_method: saved };
}

/** `trial_end` or `trial_period_days`. Null: no trial. Undefined: not sent. */
export function readTrialEnd(model: Model, parameters: Parameters): number | null | undefined {
  parameters.onlyOneOf('trial_end', 'trial_period_days');
  const now = model.clock.nowSeconds();
  const days = parameters.integer('trial_period_days', { max: 730 });
  if (days !== undefined) return days === 0 ? null : now + days * DAY_SECONDS;
  if (parameters.string('trial_end') === 'now') return null;
  const at = parameters.integer('trial_end', { max: Number.MAX_SAFE_INTEGER });
  if (at !== undefined && at <= now) throw invalidRequest('The `trial_end` must be in the future, or `now`.', { param: 'trial_end' });
  return at;
}

/** `cancel_at`, a time or one of the ends of its items; `cancel_at_period_end`. Undefined: not sent. */
export function readEnd(
  parameters: Parameters,
  items: readonly Stripe.SubscriptionItem[],
): Pick<Stripe.Subscription, 'cancel_at' | 'cancel_at_period_end'> | undefined {
  parameters.onlyOneOf('cancel_at', 'cancel_at_period_end');
  const ends = items.map((item) => item.current_period_end);
  const atPeriodEnd = parameters.boolean('cancel_at_period_end');
  if (atPeriodEnd === true && new Set(ends).size > 1) {
    throw invalidRequest('A subscription of mixed intervals has several ends: use cancel_at=min_period_end or max_period_end.', {
      param: 'cancel_at_period_end',
    });
  }
  if (atPeriodEnd !== undefined) return { cancel_at: atPeriodEnd ? Math.max(...ends) : null, cancel_at_period_end: atPeriodEnd };
  if (!parameters.has('cancel_at')) return undefined;
  const text = parameters.string('cancel_at');
  if (text === undefined) return { cancel_at: null, cancel_at_period_end: false };
  if (text === 'min_period_end') return { cancel_at: Math.min(...ends), cancel_at_period_end: false };
  if (text === 'max_period_end') return { cancel_at: Math.max(...ends), cancel_at_period_end: false };
  const at = parameters.integer('cancel_at', { max: Number.MAX_SAFE_INTEGER }) ?? null;
  return { cancel_at: at, cancel_at_period_end: false };
}

/** `billing_cycle_anchor` of a change: a hash since endive, a text before. Undefined: not sent. */
export function readAnchorMove(parameters: Parameters): 'now' | 'unchanged' | undefined {
  const moves = ['now', 'unchanged'] as const;
  const name = 'billing_cycle_anchor';
  return parameters.isHash(name) ? parameters.hash(name)?.oneOf('type', moves) : parameters.oneOf(name, moves);
}
