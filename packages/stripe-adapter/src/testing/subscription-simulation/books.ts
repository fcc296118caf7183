// What Stripe has of a subscription as money and days, for the auditor.
import type { Books, Sale } from '@paidonce/ledger/simulation';
import type Stripe from 'stripe';
import { type AtStripe, beside, intentsOf, netOf, priceOf, roleOf, sum } from './at-stripe.ts';

const dayOf = (seconds: number): number => seconds / 86_400;

export interface BooksTerms {
  /** The plan of a price. */
  readonly planOf: (price: string) => string | undefined;
  /** False: who cancels at once keeps what he has paid for. */
  readonly endsAtOnce: boolean;
  readonly isPaused: boolean;
}

export function booksOf(at: AtStripe, terms: BooksTerms): Books {
  const { status, ended_at: endedAt } = at.subscription;
  return {
    sales: at.invoices.filter((invoice) => invoice.status === 'paid').map((invoice) => saleOf(at, invoice, terms)),
    paidSales: paidSalesOf(at, terms),
    paused: terms.isPaused,
    ...(endedAt === null || !terms.endsAtOnce ? {} : { endedOn: dayOf(endedAt) }),
    isLate: status === 'past_due',
    terms: at.invoices.flatMap(({ status: of, due_date: due, lines }) => {
      const from = lines.data.flatMap((line) =>
        roleOf(line) === 'base' && terms.planOf(priceOf(line)) !== undefined ? [line.period.start] : [],
      );
      return of === 'open' && due !== null && from.length > 0 ? [{ from: dayOf(Math.min(...from)), until: dayOf(due) }] : [];
    }),
  };
}

function saleOf(at: AtStripe, invoice: Stripe.Invoice, { planOf }: BooksTerms): Sale {
  const intents = intentsOf(invoice);
  const isOf = ({ payment_intent: intent }: { readonly payment_intent: unknown }): boolean => intents.includes(String(intent));
  const disputes = at.disputes.filter(isOf);
  const refunded = sum(at.refunds.filter((refund) => isOf(refund) && refund.status === 'succeeded').map(({ amount }) => amount));
  const lost = sum(disputes.filter(({ status }) => status === 'lost').map(({ amount }) => amount));
  const noted = sum(at.creditNotes.filter((note) => note.invoice === invoice.id && note.status === 'issued').map(beside));
  const wholeMinor = Math.max(0, invoice.total);
  // Of whom all that he paid went back has paid nothing where his bank took it, though a part came from the balance.
  const isTaken = lost > 0 && refunded + lost >= sum((invoice.payments?.data ?? []).map(({ amount_paid: paid }) => paid ?? 0));
  const backMinor = isTaken ? Math.max(wholeMinor, lost) : refunded + lost + noted;
  const gift = giftOf(at, invoice, planOf);
  return {
    invoice: invoice.id,
    paidOn: dayOf(invoice.status_transitions.paid_at ?? invoice.created),
    lines: invoice.lines.data.flatMap((line) => {
      const plan = planOf(priceOf(line));
      if (plan === undefined) return [];
      // What was given back and credited too is nobody's time from the credit on.
      const end = backMinor > 0 && backMinor >= wholeMinor ? Math.min(line.period.end, creditedFrom(at, line)) : line.period.end;
      return [
        {
          plan,
          from: dayOf(line.period.start),
          to: dayOf(end),
          minor: exactly(at, line) ?? netOf(line),
          isCredit: roleOf(line) === 'credit',
        },
      ];
    }),
    wholeMinor,
    backMinor,
    isFoughtOver: disputes.some(({ status }) => status === 'needs_response' || status === 'under_review'),
    ...(gift === undefined ? {} : { gift }),
  };
}

/** Stripe credits what a credit note has given back already once more: that takes nothing off what other invoices paid. */
function isCreditedTwice({ invoices, creditNotes }: AtStripe, credit: Stripe.InvoiceLineItem): boolean {
  const of = invoices.find(({ lines }) => lines.data.some(({ id }) => id === creditedBy(credit)));
  const notes = creditNotes.filter(({ invoice, status }) => invoice === of?.id && status === 'issued');
  return of !== undefined && of.total > 0 && sum(notes.map(({ amount }) => amount)) >= of.total;
}

/**
 * What was paid for with money. An invoice that a credit of unpaid time pays for sold nothing, and only its other credits count; so do
 * the credits of the unpaid invoice, for what it gave in exchange was credited in turn.
 */
function paidSalesOf(at: AtStripe, terms: BooksTerms): readonly Sale[] {
  const unpaid = at.invoices.filter(({ status }) => status !== 'paid').flatMap(({ lines }) => lines.data.map(({ id }) => id));
  const creditsUnpaid = (line: Stripe.InvoiceLineItem): boolean => unpaid.includes(creditedBy(line) ?? '');
  const credited = at.invoices.filter(({ status }) => status === 'paid').flatMap(({ lines }) => lines.data.map(creditedBy));
  return at.invoices.flatMap((invoice) => {
    const { data } = invoice.lines;
    const isPaid = invoice.status === 'paid';
    const saleWith = (lines: readonly Stripe.InvoiceLineItem[]): Sale =>
      saleOf(at, { ...invoice, lines: { ...invoice.lines, data: [...lines] } }, terms);
    if (isPaid && !(invoice.total <= 0 && data.some(creditsUnpaid))) return saleWith(data.filter((line) => !isCreditedTwice(at, line)));
    if (!isPaid && !data.some(({ id }) => credited.includes(id))) return [];
    return saleWith(data.filter((line) => roleOf(line) === 'credit' && !creditsUnpaid(line)));
  });
}

function creditedFrom({ invoices }: AtStripe, { id }: Stripe.InvoiceLineItem): number {
  const paid = invoices.filter(({ status }) => status === 'paid').flatMap(({ lines }) => lines.data);
  const starts = paid.flatMap((line) => (creditedBy(line) === id ? [line.period.start] : []));
  return Math.min(Number.POSITIVE_INFINITY, ...starts);
}

/** The line of an older invoice that this one gives back. */
function creditedBy({ parent }: Stripe.InvoiceLineItem): string | undefined {
  const of = parent?.subscription_item_details ?? parent?.invoice_item_details;
  return of?.proration_details?.credited_items?.invoice_line_items[0];
}

/** A credit before it was rounded to a whole cent: what is left of a day would look paid. Undefined: it is none. */
function exactly({ invoices }: AtStripe, credit: Stripe.InvoiceLineItem): number | undefined {
  const line = invoices.flatMap(({ lines }) => lines.data).find(({ id }) => id === creditedBy(credit));
  if (line === undefined || credit.amount >= 0) return undefined;
  return (-netOf(line) * (credit.period.end - credit.period.start)) / (line.period.end - line.period.start);
}

function giftOf(at: AtStripe, invoice: Stripe.Invoice, planOf: BooksTerms['planOf']): Sale['gift'] {
  const asksFor = ({ lines }: Stripe.Invoice): boolean => lines.data.some((line) => planOf(priceOf(line)) !== undefined && netOf(line) > 0);
  if (asksFor(invoice)) return undefined;
  const begins = beginOf(invoice);
  const isDiscounted = sum((invoice.total_discount_amounts ?? []).map(({ amount }) => amount)) > 0;
  const hasPaid = at.invoices.some((other) => other.status === 'paid' && asksFor(other) && beginOf(other) < begins);
  return !isDiscounted && !hasPaid && begins < (at.subscription.trial_end ?? 0) ? 'trial' : 'free';
}

function beginOf({ lines }: Stripe.Invoice): number {
  return Math.min(...lines.data.map(({ period }) => period.start));
}
