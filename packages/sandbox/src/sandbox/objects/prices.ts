// Products and prices: what line items are made of, named by id (`price`) or given in place (`price_data`).

import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CatalogPrice } from '../state/records.ts';

export interface PriceTerms {
  readonly currency: string;
  /** Null: the customer chooses it. */
  readonly unitAmountMinor: number | null;
  readonly custom: Stripe.Price.CustomUnitAmount | null;
  readonly recurring: Stripe.Price.Recurring | null;
}

export function readPriceTerms(parameters: Parameters): PriceTerms {
  const currency = parameters.currency('currency');
  if (currency === undefined) throw missingParameter(parameters.name('currency'));
  const custom = readCustomAmount(parameters);
  const unitAmountMinor = parameters.integer('unit_amount') ?? parameters.integer('unit_amount_decimal') ?? null;
  if ((unitAmountMinor === null) === (custom === null)) throw missingParameter(parameters.name('unit_amount'));
  const recurring = parameters.hash('recurring');
  const interval = recurring?.oneOf('interval', ['day', 'week', 'month', 'year']);
  const intervalCount = recurring?.integer('interval_count', { min: 1, max: 36 }) ?? 1;
  const usageType = recurring?.oneOf('usage_type', ['licensed', 'metered']) ?? 'licensed';
  const meter = recurring?.string('meter') ?? null;
  parameters.ignored('tax_behavior');
  return {
    currency,
    unitAmountMinor,
    custom,
    recurring: interval ? { interval, interval_count: intervalCount, meter, trial_period_days: null, usage_type: usageType } : null,
  };
}

/** Pay what you want. */
function readCustomAmount(parameters: Parameters): Stripe.Price.CustomUnitAmount | null {
  const custom = parameters.hash('custom_unit_amount');
  if (custom?.boolean('enabled') !== true) return null;
  const [minimum = null, maximum = null, preset = null] = ['minimum', 'maximum', 'preset'].map((name) => custom.integer(name));
  return { minimum, maximum, preset };
}

/** What it costs in further currencies. */
function readCurrencyOptions(parameters: Parameters): Record<string, number> {
  const unitAmounts: Record<string, number> = {};
  const options = parameters.hash('currency_options');
  for (const currency of options?.names() ?? []) {
    const option = options?.hash(currency);
    const amount = option?.integer('unit_amount');
    if (amount === undefined) throw missingParameter(parameters.name(`currency_options[${currency}][unit_amount]`));
    option?.ignored('tax_behavior');
    unitAmounts[currency] = amount;
  }
  return unitAmounts;
}

export function buildPrice(
  model: Model,
  terms: PriceTerms,
  product: string,
  fields: Partial<Pick<CatalogPrice, 'active' | 'lookup_key' | 'metadata' | 'nickname'>> = {},
): CatalogPrice {
  return {
    id: model.newId('price_'),
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: model.clock.nowSeconds(),
    currency: terms.currency,
    custom_unit_amount: terms.custom,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product,
    recurring: terms.recurring,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: terms.recurring ? 'recurring' : 'one_time',
    unit_amount: terms.unitAmountMinor,
    unit_amount_decimal: terms.unitAmountMinor === null ? null : String(terms.unitAmountMinor),
    ...fields,
  };
}

function buildProduct(model: Model, name: string, description: string | null, metadata: Record<string, string>): Stripe.Product {
  const now = model.clock.nowSeconds();
  return {
    id: model.newId('prod_', 14),
    object: 'product',
    active: true,
    created: now,
    default_price: null,
    description,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata,
    name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: null,
    updated: now,
    url: null,
  };
}

/** `product_data`, or the top level of `POST /v1/products`. */
export function readProduct(model: Model, parameters: Parameters): Stripe.Product {
  const name = parameters.requiredString('name');
  const description = parameters.string('description') ?? null;
  const metadata = parameters.metadata() ?? {};
  parameters.ignored('images', 'tax_code', 'tax_details', 'unit_label', 'shippable', 'statement_descriptor', 'url', 'active', 'type');
  return buildProduct(model, name, description, metadata);
}

export function productNamed(model: Model, id: string | undefined, param: string): Stripe.Product {
  if (id === undefined) throw missingParameter(param);
  const product = model.state.products.get(id);
  if (!product) throw noSuchParameterObject('product', id, param);
  return product;
}

function createPrice({ model, parameters }: Call): object {
  const terms = readPriceTerms(parameters);
  const fields = {
    active: parameters.boolean('active') ?? true,
    lookup_key: parameters.string('lookup_key') ?? null,
    metadata: parameters.metadata() ?? {},
    nickname: parameters.string('nickname') ?? null,
  };
  const productData = parameters.hash('product_data');
  const productId = parameters.string('product');
  parameters.refused('The sandbox has no tiers.', 'tiers', 'tiers_mode', 'transform_quantity');
  parameters.ignored('billing_scheme');
  if (productData && productId) throw invalidRequest('You may only specify one of these parameters: product, product_data.');
  const product = productData
    ? model.state.products.put(readProduct(model, productData))
    : productNamed(model, productId, parameters.name('product'));
  const unitAmounts = readCurrencyOptions(parameters);
  const price = model.state.prices.put(buildPrice(model, terms, product.id, fields));
  if (Object.keys(unitAmounts).length > 0)
    model.state.priceOptions.put({ id: price.id, unitAmounts: { ...unitAmounts, [price.currency]: price.unit_amount ?? 0 } });
  return price;
}

function updatePrice({ model, parameters, id }: Call): object {
  const price = found(model.state.prices.get(id), 'price', id);
  parameters.ignored('tax_behavior', 'transfer_lookup_key');
  return model.state.prices.put({
    ...price,
    active: parameters.boolean('active') ?? price.active,
    lookup_key: parameters.string('lookup_key') ?? price.lookup_key,
    metadata: parameters.changedMetadata(price.metadata),
    nickname: parameters.changedString('nickname', price.nickname),
  });
}

function listPrices({ model, parameters }: Call): object {
  const product = parameters.string('product');
  const active = parameters.boolean('active');
  const currency = parameters.currency('currency');
  const type = parameters.oneOf('type', ['one_time', 'recurring']);
  const lookupKeys = parameters.strings('lookup_keys');
  const created = parameters.range('created');
  return listPage(model.state.prices, parameters, '/v1/prices', (price) => {
    return (
      within(created, price.created) &&
      (product ?? price.product) === price.product &&
      (active ?? price.active) === price.active &&
      (currency ?? price.currency) === price.currency &&
      (type ?? price.type) === price.type &&
      (lookupKeys.length === 0 || (price.lookup_key !== null && lookupKeys.includes(price.lookup_key)))
    );
  });
}

function updateProduct({ model, parameters, id }: Call): object {
  const product = found(model.state.products.get(id), 'product', id);
  const defaultPrice = parameters.string('default_price');
  if (defaultPrice !== undefined && !model.state.prices.get(defaultPrice)) {
    throw noSuchParameterObject('price', defaultPrice, 'default_price');
  }
  parameters.ignored('images', 'tax_code', 'unit_label', 'statement_descriptor', 'url', 'marketing_features');
  return model.state.products.put({
    ...product,
    active: parameters.boolean('active') ?? product.active,
    default_price: defaultPrice ?? product.default_price ?? null,
    description: parameters.changedString('description', product.description),
    metadata: parameters.changedMetadata(product.metadata),
    name: parameters.string('name') ?? product.name,
    updated: model.clock.nowSeconds(),
  });
}

export const catalogRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/products', handle: ({ model, parameters }) => model.state.products.put(readProduct(model, parameters)) },
  { method: 'GET', path: '/v1/products/:product', handle: ({ model, id }) => found(model.state.products.get(id), 'product', id) },
  { method: 'POST', path: '/v1/products/:product', handle: updateProduct },
  { method: 'GET', path: '/v1/products', handle: ({ model, parameters }) => listPage(model.state.products, parameters, '/v1/products') },
  { method: 'POST', path: '/v1/prices', handle: createPrice },
  { method: 'GET', path: '/v1/prices/:price', handle: ({ model, id }) => found(model.state.prices.get(id), 'price', id) },
  { method: 'POST', path: '/v1/prices/:price', handle: updatePrice },
  { method: 'GET', path: '/v1/prices', handle: listPrices },
];
