// `POST /v1/subscriptions`.
import { type Call, found } from '../../api/route.ts';
import { invalidRequest, missingParameter } from '../../api/stripe-error.ts';
import { refuseUnknownFate } from '../announcement.ts';
import { readCustomer } from '../customers.ts';
import { readDiscounts } from './discounts.ts';
import { NO_METHOD, paymentError } from './invoice-collect.ts';
import { readAddedLine } from './invoice-items.ts';
import { beginSubscription, type SubscriptionTerms } from './subscription-begin.ts';
import { readItems } from './subscription-items.ts';
import { changeSubscription, renderSubscription } from './subscription-record.ts';
import { refuseUnknownDunning } from './subscription-status.ts';
import { PRORATIONS, readEnd, readPlainFields, readTrialEnd, refuseMissing } from './subscription-terms.ts';

const BEHAVIOURS = ['allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'] as const;

export function createSubscription(call: Call): object {
  const { model, parameters } = call;
  refuseMissing(parameters);
  parameters.refused('The sandbox begins a subscription now.', 'backdate_start_date');
  const behaviour = parameters.oneOf('payment_behavior', BEHAVIOURS) ?? 'allow_incomplete';
  const terms = readTerms(call, behaviour !== 'default_incomplete');
  const { id, collected } = beginSubscription(model, terms);
  if (behaviour === 'error_if_incomplete' && (collected.outcome === 'failed' || collected.outcome === 'action'))
    throw paymentError(collected);
  if (collected.outcome === 'failed' && collected.failure === NO_METHOD) {
    throw invalidRequest(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
      { code: 'resource_missing', param: 'customer' },
    );
  }
  const record = found(model.state.subscriptions.get(id), 'subscription', id);
  const end = readEnd(parameters, record.items);
  if (end === undefined || end.cancel_at === null) return renderSubscription(record);
  return renderSubscription(changeSubscription(model, record, { ...end, canceled_at: model.clock.nowSeconds() }));
}

function readTerms({ model, parameters }: Call, collect: boolean): SubscriptionTerms {
  const customer = readCustomer(model, parameters);
  if (customer === null) throw missingParameter('customer');
  const wanted = readItems(model, parameters);
  const [first] = wanted;
  if (!first) throw missingParameter('items');
  if (wanted.some(({ price }) => price === undefined)) throw missingParameter('items[0][price]');
  const currency = parameters.currency('currency') ?? first.price?.currency ?? 'usd';
  const discounts = (readDiscounts(model, parameters) ?? []).flatMap((each) => ('coupon' in each ? [each] : []));
  const fields = readPlainFields(model, parameters, undefined);
  refuseUnknownFate(fields.metadata ?? {});
  refuseUnknownDunning(fields.metadata ?? {});
  const trialEnd = readTrialEnd(model, parameters) ?? null;
  return {
    customer,
    currency,
    items: wanted,
    added: parameters.hashes('add_invoice_items').map((each) => {
      each.ignored('discounts', 'period', 'tax_rates');
      return readAddedLine(model, each, currency, null);
    }),
    discounts,
    trialEnd,
    anchor: readAnchor(model.clock.nowSeconds(), parameters, trialEnd),
    prorates: (parameters.oneOf('proration_behavior', PRORATIONS) ?? 'create_prorations') !== 'none',
    taxed: readTax(parameters),
    collect,
    session: null,
    sessionId: null,
    fields,
  };
}

export function readTax(parameters: Call['parameters']): boolean {
  const tax = parameters.hash('automatic_tax');
  tax?.ignored('liability');
  return tax?.boolean('enabled') ?? false;
}

/** @throws StripeApiError 400 for one that is over, or beside a trial. */
export function readAnchor(now: number, parameters: Call['parameters'], trialEnd: number | null): number | null {
  const anchor = parameters.integer('billing_cycle_anchor', { max: Number.MAX_SAFE_INTEGER }) ?? null;
  if (anchor === null) return null;
  const param = parameters.name('billing_cycle_anchor');
  if (anchor <= now) throw invalidRequest('The `billing_cycle_anchor` must be in the future.', { param });
  if (trialEnd !== null) throw invalidRequest('The sandbox has no trial with another anchor: the trial ends at the anchor.', { param });
  return anchor;
}
