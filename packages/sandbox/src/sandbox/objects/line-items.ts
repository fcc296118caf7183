// The lines of a session: what is bought, in one currency, and its shipping.
import type Stripe from 'stripe';
import type { Parameters } from '../api/parameters.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CatalogPrice } from '../state/records.ts';
import { lineOf } from './customer-choices.ts';
import { buildPrice, productNamed, readPriceTerms, readProduct } from './prices.ts';

const MAX_LINES = 100;

/** `mode`: that of the session; `any` where the prices will decide it. */
export function readLineItems(model: Model, parameters: Parameters, mode: string): Stripe.LineItem[] {
  const lines = parameters.hashes('line_items');
  if (lines.length === 0 && mode !== 'setup') throw missingParameter('line_items');
  if (lines.length > MAX_LINES) throw invalidRequest(`At most ${MAX_LINES} line items.`, { param: 'line_items' });
  const named = parameters.currency('currency');
  // Beside a recurring price a subscription may have others, which its first invoice takes: a setup fee.
  const isMixed = mode === 'subscription' && lines.length > 1;
  const read = lines.map((line) => readLine(model, line, { mode: isMixed ? 'any' : mode, currency: named }));
  if (isMixed && !read.some(({ price }) => price?.recurring)) {
    throw invalidRequest('A session in subscription mode needs at least one recurring price.', { param: 'line_items' });
  }
  if (read.length > 1 && read.some(({ price }) => price?.custom_unit_amount)) {
    throw invalidRequest('A price with custom_unit_amount must be the only line item of its session.', { param: 'line_items' });
  }
  return read;
}

function readLine(model: Model, line: Parameters, session: { mode: string; currency: string | undefined }): Stripe.LineItem {
  const { mode } = session;
  const given = line.integer('quantity', { min: 1 });
  line.ignored('tax_rates');
  const { price, name } = readPrice(model, line);
  if (given === undefined && price.recurring?.usage_type !== 'metered') {
    throw invalidRequest(`Quantity is required. Add \`quantity\` to \`${line.path}\``, { param: line.path });
  }
  const quantity = given ?? 1;
  if (mode !== 'any' && (price.recurring !== null) !== (mode === 'subscription')) {
    throw invalidRequest(`You passed a ${price.type} price to a session in ${mode} mode.`, { param: line.name('price') });
  }
  const adjustable = readAdjustable(line);
  if (price.custom_unit_amount && (quantity !== 1 || adjustable)) {
    throw invalidRequest('The quantity of a price with custom_unit_amount is 1.', { param: line.name('quantity') });
  }
  const { currency, unitAmountMinor } = pricedIn(model, price, session.currency, line);
  return {
    ...lineOf(model, unitAmountMinor * quantity, currency),
    adjustable_quantity: adjustable,
    description: name,
    metadata: line.metadata() ?? {},
    price: price as unknown as Stripe.Price,
    quantity,
  };
}

/** What it costs in the currency that the session names; in its own, where it names none. */
function pricedIn(
  model: Model,
  price: CatalogPrice,
  named: string | undefined,
  line: Parameters,
): { currency: string; unitAmountMinor: number } {
  const own = price.unit_amount ?? price.custom_unit_amount?.preset ?? 0;
  if (named === undefined || named === price.currency) return { currency: price.currency, unitAmountMinor: own };
  const unitAmountMinor = model.state.priceOptions.get(price.id)?.unitAmounts[named];
  if (unitAmountMinor !== undefined) return { currency: named, unitAmountMinor };
  throw invalidRequest(`The price ${price.id} has no currency ${named}: it is in ${price.currency}.`, { param: line.name('price') });
}

/** `adjustable_quantity` of a line or an optional item. */
export function readAdjustable(line: Parameters): Stripe.LineItem.AdjustableQuantity | null {
  const adjustable = line.hash('adjustable_quantity');
  const [minimum = null, maximum = null] = ['minimum', 'maximum'].map((name) => adjustable?.integer(name, { max: 999_999 }));
  return adjustable?.boolean('enabled') === true ? { enabled: true, minimum, maximum } : null;
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
