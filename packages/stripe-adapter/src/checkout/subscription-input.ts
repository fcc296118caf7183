// What the caller of `startSubscription` gives, refused before anything is asked of Stripe: what would be paid and give nothing,
// and what would be two plans on one subscription.
import { LedgerError } from '@paidonce/ledger';
import { catalogIdSchema, idSchema, planOf, type SubscriptionPolicy } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { ourKeys } from '../mapping/claim.ts';
import { stripeAccountSchema } from '../stripe/stripe-objects.ts';
import { parametersWithout, urlSchema } from './checkout-input.ts';
import {
  type CheckedSubscription,
  type StartSubscription,
  type SubscriptionSessionOptions,
  subscriptionSessionNames,
} from './subscription-terms.ts';
import { withSessionId } from './success-url.ts';

type Policy = Pick<SubscriptionPolicy, 'plans' | 'trial'>;

const startSchema = z.strictObject({
  subscriptionId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  kind: z.exactOptional(idSchema),
  price: z.exactOptional(catalogIdSchema),
  quantity: z.exactOptional(z.number().int().min(1).max(999_999)),
  trialDays: z.exactOptional(z.number().int().min(1).max(730)),
  customer: z.exactOptional(idSchema.refine((id) => id.startsWith('cus_'), 'must be a customer of Stripe, like cus_1ABC')),
  successUrl: urlSchema,
  cancelUrl: z.exactOptional(urlSchema),
  connectedAccount: z.exactOptional(stripeAccountSchema),
  session: z.exactOptional(parametersWithout<SubscriptionSessionOptions>(subscriptionSessionNames)),
});

/** @throws LedgerError `invalid_input`: names each bad field, and what to do. */
export function readSubscriptionStart(input: StartSubscription, policy: Policy): CheckedSubscription {
  const parsed = startSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${['subscription', ...path].join('.')}: ${message}`);
    throw new LedgerError('invalid_input', problems.join('; '));
  }
  const { successUrl, kind = 'membership', quantity = 1, ...given } = parsed.data;
  const { subscriptionId, session = {} } = given;
  if (subscriptionId.startsWith('sub_')) {
    throw refused('subscriptionId', `${subscriptionId} is the name of a subscription that was made at Stripe. Use an id of yours`);
  }
  const price = priceOf(given, policy);
  refuseTrial(given, policy);
  refuseSecondPlan(session, price, policy);
  refuseSession(session);
  return { ...given, kind, quantity, price, successUrl: withSessionId(successUrl) };
}

/** The id stands for something else already. @throws LedgerError `invalid_input` */
export function refuseOrderId(subscriptionId: string): never {
  throw refused('subscriptionId', `${subscriptionId} is an order. Use another id: an order and a subscription share none`);
}

/** The price by its id. Of which product it is, only Stripe knows. */
function priceOf({ plan, price }: Pick<StartSubscription, 'plan' | 'price'>, { plans }: Policy): string {
  if (Object.keys(plans).length === 0) {
    if (price !== undefined) return price;
    throw refused('price', `is missing. The policy names no plans, so give the price of ${plan}`);
  }
  const names = Object.hasOwn(plans, plan) ? plans[plan] : undefined;
  if (names === undefined) throw refused('plan', `the policy has no plan ${plan}. It has ${Object.keys(plans).join(', ')}`);
  const [only, ...others] = names;
  if (price === undefined) {
    if (only !== undefined && others.length === 0 && !isProduct(only)) return only;
    throw refused('price', `is missing. The plan ${plan} has ${names.join(', ')}, so say which price`);
  }
  if (isProduct(price)) throw refused('price', `${price} is a product. Give a price of it`);
  const other = planOf({ price, product: '' }, { plans }, plan);
  if (names.includes(price) || (other === undefined && names.some(mayBeProduct))) return price;
  const instead = other === undefined ? 'which the policy does not name' : `which is of the plan ${other}`;
  throw refused('price', `${price} is not of the plan ${plan}, ${instead}. Give one of ${names.join(', ')}, or add it to the plan`);
}

function isProduct(name: string): boolean {
  return name.startsWith('prod_');
}

/** A shop may have given its products ids of its own. */
function mayBeProduct(name: string): boolean {
  return !name.startsWith('price_') && !name.startsWith('plan_');
}

function refuseTrial({ trialDays, session }: Pick<StartSubscription, 'trialDays' | 'session'>, { trial }: Policy): void {
  const data = session?.subscription_data;
  if (data?.trial_period_days !== undefined) throw refused('session.subscription_data.trial_period_days', 'is set here. Give trialDays');
  if (trial === 'grant') return;
  const given = trialDays !== undefined ? 'trialDays' : data?.trial_end !== undefined ? 'session.subscription_data.trial_end' : undefined;
  if (given === undefined) return;
  throw refused(given, "a trial gives nothing under the policy trial: 'none'. Leave it out, or let the policy say trial: 'grant'");
}

/** Two plans on one subscription: one of them would be paid and give nothing. */
function refuseSecondPlan(
  { line_items: items = [], optional_items: optional = [] }: SubscriptionSessionOptions,
  ours: string,
  policy: Policy,
): void {
  const lists = { line_items: items, optional_items: optional };
  for (const [list, lines] of Object.entries(lists)) {
    for (const [index, line] of lines.entries()) {
      const product = 'price_data' in line ? line.price_data?.product : undefined;
      const isPlan =
        Object.keys(policy.plans).length > 0 && planOf({ price: line.price ?? '', product: product ?? '' }, policy, '') !== undefined;
      if (line.price !== ours && !isPlan) continue;
      const named = line.price ?? product;
      throw refused(
        `session.${list}.${index}`,
        `${named} is of a plan, and a subscription has one plan. Give it as price and quantity, or start another subscription of another kind`,
      );
    }
  }
}

function refuseSession({ subscription_data: data = {}, after_expiration: after }: SubscriptionSessionOptions): void {
  const { metadata, billing_cycle_anchor: anchor, billing_cycle_anchor_config: config, proration_behavior: proration } = data;
  const key = ourKeys.find((each) => Object.hasOwn(metadata || {}, each));
  if (key !== undefined) throw refused(`session.subscription_data.metadata.${key}`, 'is set here. Leave it out');
  if ((anchor !== undefined || config !== undefined) && proration === 'none') {
    throw refused(
      'session.subscription_data.proration_behavior',
      "'none' makes the time until the billing_cycle_anchor free without an invoice, so nothing would give access. Leave it out",
    );
  }
  if (after?.recovery?.enabled === true) {
    throw refused('session.after_expiration', 'a recovery link could begin a second subscription later. Leave it out, and start anew');
  }
}

function refused(field: string, why: string): LedgerError {
  return new LedgerError('invalid_input', `subscription.${field}: ${why}`);
}
