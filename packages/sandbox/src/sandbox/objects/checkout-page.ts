// Where a session is paid: on Stripe's page, in a page of the shop, or by Stripe's elements. Each takes other parameters.
import type Stripe from 'stripe';
import { uiModesOf } from '../api/answer-shape.ts';
import type { Parameters } from '../api/parameters.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { readAdjustable } from './line-items.ts';

const NOT_ELEMENTS = [
  'after_expiration',
  'branding_settings',
  'custom_fields',
  'custom_text',
  'optional_items',
  'origin_context',
  'submit_type',
];
const MAX_OPTIONAL = 10;

type PageFields = Pick<Stripe.Checkout.Session, 'cancel_url' | 'success_url' | 'ui_mode'> &
  Partial<Pick<Stripe.Checkout.Session, 'return_url' | 'redirect_on_completion'>>;

/** @throws StripeApiError 400 for parameters that this `ui_mode` does not take. */
export function readPage(parameters: Parameters, version: string): PageFields {
  const names = uiModesOf(version);
  const uiMode = names.get(parameters.oneOf('ui_mode', [...names.keys()]) ?? '') ?? 'hosted_page';
  if (uiMode === 'hosted_page') return { ui_mode: uiMode, ...readHosted(parameters) };
  for (const name of ['success_url', 'cancel_url', ...(uiMode === 'elements' ? NOT_ELEMENTS : [])]) refuseIn(parameters, uiMode, name);
  const redirects =
    uiMode === 'embedded_page' ? (parameters.oneOf('redirect_on_completion', ['always', 'if_required', 'never']) ?? 'always') : undefined;
  const returnUrl = parameters.url('return_url');
  if (redirects === 'never' && returnUrl !== undefined) {
    throw invalidRequest('You cannot pass `return_url` when `redirect_on_completion` is `never`.', { param: 'return_url' });
  }
  if (redirects !== 'never' && returnUrl === undefined) throw missingParameter('return_url');
  return {
    ui_mode: uiMode,
    cancel_url: null,
    success_url: null,
    ...(redirects === undefined ? {} : { redirect_on_completion: redirects }),
    ...(returnUrl === undefined ? {} : { return_url: returnUrl }),
  };
}

function readHosted(parameters: Parameters): Pick<PageFields, 'cancel_url' | 'success_url'> {
  for (const name of ['return_url', 'redirect_on_completion']) refuseIn(parameters, 'hosted_page', name);
  const successUrl = parameters.url('success_url');
  if (successUrl === undefined) throw missingParameter('success_url');
  return { success_url: successUrl, cancel_url: parameters.url('cancel_url') ?? null };
}

function refuseIn(parameters: Parameters, uiMode: string, name: string): void {
  if (parameters.has(name)) throw invalidRequest(`You cannot pass \`${name}\` when \`ui_mode\` is \`${uiMode}\`.`, { param: name });
}

/** What the customer may add to what he buys. */
export function readOptionalItems(model: Model, parameters: Parameters): Stripe.Checkout.Session.OptionalItem[] | null {
  const items = parameters.hashes('optional_items').map((item) => {
    const price = item.requiredString('price');
    if (!model.state.prices.get(price)) throw noSuchParameterObject('price', price, item.name('price'));
    return { price, quantity: item.integer('quantity', { min: 1 }) ?? 1, adjustable_quantity: readAdjustable(item) };
  });
  if (items.length > MAX_OPTIONAL) throw invalidRequest(`At most ${MAX_OPTIONAL} optional items.`, { param: 'optional_items' });
  return items.length === 0 ? null : items;
}
