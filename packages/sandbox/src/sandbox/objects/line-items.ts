// The lines of a session: what is bought, in one currency, and its shipping.
import type Stripe from 'stripe';
import type { Parameters } from '../api/parameters.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CatalogPrice } from '../state/records.ts';
import { buildPrice, productNamed, readPriceTerms, readProduct } from './prices.ts';

const MAX_LINES = 100;

/** `mode`: that of the session; `any` where the prices will decide it. */
export function readLineItems(model: Model, parameters: Parameters, mode: string): Stripe.LineItem[] {
  const lines = parameters.hashes('line_items');
  if (lines.length === 0 && mode !== 'setup') throw missingParameter('line_items');
  if (lines.length > MAX_LINES) throw invalidRequest(`At most ${MAX_LINES} line items.`, { param: 'line_items' });
  return lines.map((line) => {
    const quantity = line.integer('quantity', { min: 1 }) ?? 1;
    line.ignored('adjustable_quantity', 'tax_rates');
    const { price, name } = readPrice(model, line);
    if (mode !== 'any' && (price.recurring !== null) !== (mode === 'subscription')) {
      throw invalidRequest(`You passed a ${price.type} price to a session in ${mode} mode.`, { param: line.name('price') });
    }
    const subtotal = (price.unit_amount ?? 0) * quantity;
    return {
      id: model.newId('li_'),
      object: 'item',
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: subtotal,
      amount_tax: 0,
      amount_total: subtotal,
      currency: price.currency,
      description: name,
      metadata: line.metadata() ?? {},
      price: price as unknown as Stripe.Price,
      quantity,
    };
  });
}

function readPrice(model: Model, line: Parameters): { price: CatalogPrice; name: string } {
  const priceId = line.string('price');
  const data = line.hash('price_data');
  if (priceId !== undefined) {
    const price = model.state.prices.get(priceId);
    if (!price) throw noSuchParameterObject('price', priceId, line.name('price'));
    return { price, name: model.state.products.get(String(price.product))?.name ?? priceId };
  }
  if (!data) throw missingParameter(line.name('price_data'));
  const terms = readPriceTerms(data);
  const inline = data.hash('product_data');
  const product = inline
    ? model.state.products.put(readProduct(model, inline))
    : productNamed(model, data.string('product'), data.name('product'));
  return { price: { ...buildPrice(model, terms, product.id), active: false }, name: product.name };
}

export function currencyOf(lines: readonly Stripe.LineItem[], parameters: Parameters, mode: string): string | null {
  const given = parameters.currency('currency');
  const currencies = new Set(lines.map((line) => line.currency));
  if (currencies.size > 1) {
    throw invalidRequest(`All line items must have the same currency; these have ${[...currencies].join(', ')}.`, { param: 'line_items' });
  }
  const [only] = currencies;
  return mode === 'setup' ? (given ?? null) : (only ?? null);
}

/** The first option is the one that the customer gets. */
export function readShipping(parameters: Parameters, currency: string | null): number {
  const [chosen = 0] = parameters.hashes('shipping_options').map((option) => {
    const rate = option.hash('shipping_rate_data');
    if (!rate)
      throw invalidRequest('The sandbox has no stored shipping rates: give shipping_rate_data.', { param: option.name('shipping_rate') });
    rate.ignored('display_name', 'type', 'delivery_estimate', 'metadata', 'tax_behavior', 'tax_code');
    const amount = rate.hash('fixed_amount');
    if (amount?.currency('currency') !== (currency ?? undefined)) {
      throw invalidRequest('The shipping rate must have the currency of the line items.', { param: rate.name('fixed_amount') });
    }
    return amount?.integer('amount') ?? 0;
  });
  return chosen;
}
