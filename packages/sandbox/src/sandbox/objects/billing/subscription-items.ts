// The items of a subscription: what is bought, how many, and the period that is running, which is each item's own.
import type Stripe from 'stripe';
import { listPage, partsInOrder } from '../../api/lists.ts';
import type { Parameters } from '../../api/parameters.ts';
import type { Call, Route } from '../../api/route.ts';
import { invalidRequest, missingParameter, noSuchObject, noSuchParameterObject } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { Period } from '../../state/billing-records.ts';
import type { CatalogPrice } from '../../state/records.ts';
import { buildPrice, productNamed, readPriceTerms } from '../prices.ts';

const MOST_ITEMS = 20;
const MOST_QUANTITY = 999_999;

/** What is wanted of an item: a new one, or a change of one that is there. */
export interface WantedItem {
  /** The item that is to change; undefined: a new one. */
  readonly id: string | undefined;
  readonly price: CatalogPrice | undefined;
  readonly quantity: number | undefined;
  readonly deleted: boolean;
  readonly metadata: Record<string, string> | undefined;
}

/** `items[]`. @throws StripeApiError 400 */
export function readItems(model: Model, parameters: Parameters): WantedItem[] {
  const items = parameters.hashes('items');
  if (items.length > MOST_ITEMS) throw invalidRequest(`A subscription can have at most ${MOST_ITEMS} items.`, { param: 'items' });
  return items.map((item) => {
    item.refused('The sandbox has no thresholds.', 'billing_thresholds');
    item.refused('The sandbox has discounts of whole subscriptions only.', 'discounts');
    item.refused('The sandbox has no tax rates.', 'tax_rates');
    item.refused('The sandbox has no trial offers.', 'current_trial');
    item.ignored('clear_usage');
    // A price's older name.
    const priceId = item.string('price') ?? item.string('plan');
    return {
      id: item.string('id'),
      price: readPrice(model, item, priceId),
      quantity: item.integer('quantity', { max: MOST_QUANTITY }),
      deleted: item.boolean('deleted') ?? false,
      metadata: item.metadata(),
    };
  });
}

function readPrice(model: Model, item: Parameters, id: string | undefined): CatalogPrice | undefined {
  const data = item.hash('price_data');
  const price = id === undefined ? data && pricedInPlace(model, data) : model.state.prices.get(id);
  if (id !== undefined && !price) throw noSuchParameterObject('price', id, item.name('price'));
  if (price && price.recurring === null) {
    throw invalidRequest(`The price ${price.id} is of one time; an item of a subscription needs a recurring price.`, {
      param: item.name('price'),
    });
  }
  return price;
}

/** `price_data`: stored, but not active. */
export function pricedInPlace(model: Model, data: Parameters): CatalogPrice {
  const product = productNamed(model, data.string('product'), data.name('product'));
  return model.state.prices.put({ ...buildPrice(model, readPriceTerms(data), product.id), active: false });
}

/** What a price costs in this currency. @throws StripeApiError 400 if it has none in it. */
export function unitAmountIn({ state }: Model, price: CatalogPrice, currency: string): number {
  const amount = price.currency === currency ? price.unit_amount : state.priceOptions.get(price.id)?.unitAmounts[currency];
  if (amount !== null && amount !== undefined) return amount;
  throw invalidRequest(`The price ${price.id} has no amount in ${currency}: it is in ${price.currency}.`, { param: 'currency' });
}

/** @throws StripeApiError 400 without a price. */
export function newItem(
  model: Model,
  subscription: string,
  wanted: Omit<WantedItem, 'id' | 'deleted'>,
  period: Period,
): Stripe.SubscriptionItem {
  const { price, quantity, metadata } = wanted;
  if (!price) throw missingParameter('items[0][price]');
  return withPrice(
    {
      id: model.newId('si_', 14),
      object: 'subscription_item',
      billing_thresholds: null,
      created: model.clock.nowSeconds(),
      current_period_end: period.end,
      current_period_start: period.start,
      current_trial: null,
      discounts: [],
      metadata: metadata ?? {},
      subscription,
      tax_rates: [],
      quantity: quantity ?? 1,
    },
    price,
  );
}

/** A metered item has no quantity: what was used decides. */
export function withPrice(item: Omit<Stripe.SubscriptionItem, 'plan' | 'price'>, price: CatalogPrice): Stripe.SubscriptionItem {
  const { quantity, ...rest } = item;
  const plan = planOf(price) as unknown as Stripe.Plan;
  const priced = { ...rest, plan, price: price as unknown as Stripe.Price };
  return isMetered(price) ? priced : { ...priced, quantity: quantity ?? 1 };
}

export function isMetered({ recurring }: Pick<Stripe.Price, 'recurring'>): boolean {
  return recurring?.usage_type === 'metered';
}

/** The same price in the shape of Stripe's older objects, which items still show. */
function planOf(price: CatalogPrice): object {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval,
    interval_count: price.recurring?.interval_count,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: price.recurring?.usage_type,
  };
}

function itemNamed({ model, id }: Call): Stripe.SubscriptionItem {
  for (const { items } of model.state.subscriptions.newestFirst()) {
    const item = items.find((each) => each.id === id);
    if (item) return item;
  }
  throw noSuchObject('subscription_item', id);
}

function list({ model, parameters }: Call): object {
  const id = parameters.requiredString('subscription');
  const record = model.state.subscriptions.get(id);
  if (!record) throw noSuchParameterObject('subscription', id, 'subscription');
  return listPage(partsInOrder('subscription_item', record.items), parameters, '/v1/subscription_items');
}

export const subscriptionItemRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/subscription_items', handle: list },
  { method: 'GET', path: '/v1/subscription_items/:item', handle: itemNamed },
];
