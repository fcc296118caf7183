// The lines of an invoice and what they cost together: total = subtotal − discounts + tax, for each line and in all.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { LineDraft } from '../../state/billing-records.ts';
import { shareOut, TAX_PERCENT } from '../session-amounts.ts';

/** A coupon as it lies on a subscription or an invoice. */
export interface AppliedDiscount {
  readonly id: string;
  readonly coupon: Stripe.Coupon;
}

export interface PricedLines {
  readonly lines: readonly Stripe.InvoiceLineItem[];
  readonly totals: Pick<
    Stripe.Invoice,
    'subtotal' | 'subtotal_excluding_tax' | 'total' | 'total_excluding_tax' | 'total_discount_amounts' | 'total_taxes'
  >;
}

export interface PricingRules {
  readonly discounts: readonly AppliedDiscount[];
  readonly taxed: boolean;
}

/** `invoice`: null where nothing is stored, only asked what it would cost. */
export function priceLines(
  model: Model,
  drafts: readonly LineDraft[],
  { discounts, taxed }: PricingRules,
  invoice: string | null,
): PricedLines {
  const shares = drafts.map(() => [] as { amount: number; discount: string }[]);
  for (const { id, coupon } of discounts) {
    const left = drafts.map((draft, index) => (!draft.discountable ? 0 : draft.amountMinor - sum(shares[index] ?? [])));
    const base = left.reduce((total, amount) => total + amount, 0);
    const off = coupon.percent_off === null ? Math.min(coupon.amount_off ?? 0, base) : Math.round((base * coupon.percent_off) / 100);
    for (const [index, amount] of shareOut(Math.max(0, off), left).entries()) {
      if (amount !== 0) shares[index]?.push({ amount, discount: id });
    }
  }
  const lines = drafts.map((draft, index) => toLine(model, draft, shares[index] ?? [], taxed, invoice));
  const subtotal = drafts.reduce((total, { amountMinor }) => total + amountMinor, 0);
  const perDiscount = discounts.map(({ id }) => ({
    amount: sum(shares.flat().filter(({ discount }) => discount === id)),
    discount: id,
  }));
  const excludingTax = subtotal - sum(perDiscount);
  const tax = sum(lines.flatMap(({ taxes }) => taxes ?? []));
  return {
    lines,
    totals: {
      subtotal,
      subtotal_excluding_tax: subtotal,
      total: excludingTax + tax,
      total_excluding_tax: excludingTax,
      total_discount_amounts: perDiscount,
      total_taxes: taxed ? [taxOf(model, excludingTax, tax)] : [],
    },
  };
}

/** What a line costs less its discounts, before tax. */
export function netOf({ amount, discount_amounts: discounts }: Pick<Stripe.InvoiceLineItem, 'amount' | 'discount_amounts'>): number {
  return amount - sum(discounts ?? []);
}

function sum(parts: readonly { readonly amount: number }[]): number {
  return parts.reduce((total, { amount }) => total + amount, 0);
}

function taxOf(model: Model, taxable: number, amount: number): Stripe.InvoiceLineItem.Tax {
  return {
    amount,
    tax_behavior: 'exclusive',
    tax_rate_details: { tax_rate: `txr_${model.account.slice(-14)}` },
    taxability_reason: 'standard_rated',
    taxable_amount: taxable,
    type: 'tax_rate_details',
  };
}

function toLine(
  model: Model,
  draft: LineDraft,
  discountAmounts: Stripe.InvoiceLineItem.DiscountAmount[],
  taxed: boolean,
  invoice: string | null,
): Stripe.InvoiceLineItem {
  const { amountMinor: amount, price, quantity } = draft;
  const net = netOf({ amount, discount_amounts: discountAmounts });
  const line = {
    id: model.newId('il_'),
    object: 'line_item',
    amount,
    currency: draft.currency,
    description: draft.description,
    discount_amounts: discountAmounts,
    discountable: draft.discountable,
    discounts: [],
    invoice,
    livemode: false,
    metadata: draft.metadata,
    parent: parentOf(draft, model.prorationParent),
    period: draft.period,
    pretax_credit_amounts: discountAmounts.map(({ amount: off, discount }) => ({ amount: off, discount, type: 'discount' })),
    pricing: price && {
      price_details: { price: price.id, product: price.product },
      type: 'price_details',
      unit_amount_decimal: price.unitAmountMinor === null ? null : String(price.unitAmountMinor),
    },
    quantity,
    quantity_decimal: quantity === null ? null : String(quantity),
    subscription: draft.subscription,
    subtotal: amount,
    taxes: taxed ? [taxOf(model, net, Math.round((net * TAX_PERCENT) / 100))] : [],
  };
  // The decimals are text on the wire, where the package makes objects of them.
  return line as unknown as Stripe.InvoiceLineItem;
}

function parentOf(
  { subscription, subscriptionItem, invoiceItem, proration, credited }: LineDraft,
  ofProrations: Model['prorationParent'],
): Stripe.InvoiceLineItem.Parent {
  const details = {
    proration,
    proration_details: proration
      ? { credited_items: credited && { invoice: credited.invoice, invoice_line_items: [...credited.lines] } }
      : null,
    subscription,
  };
  const isByInvoiceItem = proration && invoiceItem !== null && ofProrations === 'invoice_item';
  if (subscriptionItem !== null && !isByInvoiceItem) {
    return {
      invoice_item_details: null,
      subscription_item_details: { ...details, invoice_item: invoiceItem, subscription_item: subscriptionItem },
      type: 'subscription_item_details',
    };
  }
  return {
    invoice_item_details: { ...details, invoice_item: invoiceItem ?? '' },
    subscription_item_details: null,
    type: 'invoice_item_details',
  };
}
