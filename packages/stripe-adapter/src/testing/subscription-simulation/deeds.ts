// What can happen to a subscription that has begun, at Stripe and without the shop: its member's deeds in the portal, his bank's, and
// the staff's in the dashboard. What Stripe refuses does not happen.
import type { Random } from '@paidonce/ledger/simulation';
import { BillingControls, type Fate } from '@paidonce/sandbox/model';
import Stripe from 'stripe';
import type { SimulatedStripe } from '../simulation/simulated-stripe.ts';
import type { Clubs, Subscribed } from './clubs.ts';

/** How likely each deed is. */
const usual = {
  declines: 3,
  'pays with a good card': 3,
  'changes plan': 3,
  'changes seats': 2,
  'ends the trial': 0.5,
  'gets free time': 0.5,
  'gets terms': 1.5,
  'pays by bank transfer': 1,
  'pays what is old': 1,
  'cancels for later': 2,
  'cancels now': 2,
  resumes: 2,
  pauses: 1,
  'goes on': 1,
  'is refunded': 1.5,
  'is refunded in part': 1,
  disputes: 1.5,
  'dispute is decided': 1.5,
  'gets a credit note': 1,
  'begins again': 3,
} as const;
export type Deed = keyof typeof usual;

/** What members are given to, in a seed. */
export type Mood = 'any' | 'owes' | 'rests' | 'changes';
export const moods: Readonly<Record<Mood, Readonly<Partial<Record<Deed, number>>>>> = {
  any: usual,
  owes: { declines: 4, 'pays what is old': 5, 'pays with a good card': 1, 'pays by bank transfer': 1, pauses: 2, 'changes plan': 1 },
  rests: { pauses: 6, 'goes on': 1, 'cancels now': 1, declines: 1 },
  changes: { 'changes plan': 5, 'changes seats': 2, declines: 3, 'pays with a good card': 1, 'gets free time': 1, 'ends the trial': 1 },
};

export interface DeedsParts {
  readonly stripe: SimulatedStripe;
  readonly atHand: Stripe;
  readonly clubs: Clubs;
  readonly random: Random;
  /** Draws what becomes of the webhooks. */
  readonly fate: () => Fate;
  /** Virtual milliseconds. */
  readonly nowMs: () => number;
}

const daySeconds = 24 * 3_600;

export class Deeds {
  readonly #parts: DeedsParts;
  readonly #billing: BillingControls;

  constructor(parts: DeedsParts) {
    this.#parts = parts;
    this.#billing = new BillingControls(parts.stripe.core);
  }

  /** False: Stripe refused it, or there was nothing to do it to. */
  do(subscribed: Subscribed, deed: Deed): boolean {
    const form = this.#formOf(subscribed, deed);
    // What is charged in a period that was never charged is told as a proration, and whether Stripe credits it is not known.
    if ((deed.startsWith('changes') || deed === 'gets free time') && this.#parts.clubs.invoicesOf(subscribed.id).at(-1)?.status === 'void')
      return false;
    const isDone = tolerantly(() => {
      if (form !== undefined) this.#billing.changeSubscription(subscribed.id, form);
      else if (deed === 'declines') this.#billing.changeCard(String(subscribed.customer), 'charge_fails');
      else if (deed === 'pays with a good card') this.#pay(subscribed);
      else if (deed === 'pays what is old') this.#payOldest(subscribed.id);
      else if (deed === 'pays by bank transfer') this.#payOutside(subscribed.id);
      else this.#giveBack(subscribed, deed);
    });
    if (isDone && deed === 'goes on') this.#parts.clubs.wentOnAtMs.set(subscribed.id, this.#parts.nowMs());
    return isDone;
  }

  /** He pays by the link in the mail. True: he owed something, and it is paid. */
  payOpen(id: string): boolean {
    const open = this.#parts.clubs.invoicesOf(id).find(({ status }) => status === 'open');
    return open !== undefined && tolerantly(() => this.#billing.payInvoice(open.id));
  }

  #pay({ id, customer, status }: Subscribed): void {
    const { clubs, atHand, nowMs } = this.#parts;
    this.#billing.changeCard(String(customer), 'success');
    if (status === 'paused') {
      clubs.wentOnAtMs.set(id, nowMs());
      void atHand.subscriptions.resume(id).catch(tolerated);
    }
    for (const { id: invoice, status: of } of clubs.invoicesOf(id)) if (of === 'open') this.#billing.payInvoice(invoice);
  }

  /** He finds the mail of an invoice that was given up. */
  #payOldest(id: string): void {
    const owed = this.#parts.clubs.invoicesOf(id).find(({ status }) => status === 'open' || status === 'uncollectible');
    if (owed) this.#billing.payInvoice(owed.id);
  }

  #payOutside(id: string): void {
    const open = this.#parts.clubs.invoicesOf(id).find(({ status }) => status === 'open');
    if (open) void this.#parts.atHand.invoices.pay(open.id, { paid_out_of_band: true }).catch(tolerated);
  }

  /** What is changed in the portal or the dashboard, as parameters of Stripe's update. */
  #formOf({ items: [item], status, collection_method: collection }: Subscribed, deed: Deed): string | undefined {
    const { clubs, random } = this.#parts;
    const proration = (): string => `proration_behavior=${random.pick(['always_invoice', 'create_prorations'])}`;
    const at = (field: string): string => `items[0][id]=${item?.id}&items[0]${field}&${proration()}`;
    const now = Math.floor(clubs.nowMs / 1_000);
    switch (deed) {
      case 'changes plan':
        return at(
          `[price]=${random.pick(
            Object.values(clubs.catalog.prices)
              .flat()
              .filter((price) => price !== item?.price.id),
          )}`,
        );
      case 'changes seats':
        return at(`[quantity]=${random.between(1, 5)}`);
      case 'ends the trial':
        return status === 'trialing' ? 'trial_end=now' : undefined;
      case 'gets free time':
        return `trial_end=${now + random.between(2, 12) * daySeconds}&proration_behavior=none`;
      case 'gets terms':
        return collection === 'send_invoice'
          ? 'collection_method=charge_automatically'
          : `collection_method=send_invoice&days_until_due=${random.pick([2, 7, 14])}`;
      case 'cancels for later':
        return 'cancel_at_period_end=true';
      case 'resumes':
        return 'cancel_at_period_end=false';
      case 'pauses':
        return `pause_collection[behavior]=${random.pick(['void', 'mark_uncollectible', 'mark_uncollectible', 'keep_as_draft'])}`;
      case 'goes on':
        return 'pause_collection=';
      default:
        return undefined;
    }
  }

  #giveBack({ id }: Subscribed, deed: Deed): void {
    const { clubs, stripe, atHand, random } = this.#parts;
    const fate = this.#parts.fate();
    if (deed === 'cancels now') {
      const cancellation = { prorate: random.chance(0.5), invoice_now: random.chance(0.5) };
      void atHand.subscriptions.cancel(id, cancellation).catch(tolerated);
    }
    const paid = clubs.invoicesOf(id).filter(({ status }) => status === 'paid');
    // The one before the newest is the last that the ledger knows of where nobody has told of the newest.
    const drawn = random.below(10);
    const invoice = drawn < 7 ? paid.at(-1) : drawn < 9 ? (paid.at(-2) ?? paid[0]) : paid[0];
    if (!invoice) return;
    if (deed === 'is refunded') stripe.controls.refund(invoice.id, { fate });
    if (deed === 'is refunded in part') stripe.controls.refund(invoice.id, { fate, amountMinor: 100 });
    if (deed === 'disputes') stripe.controls.dispute(invoice.id, { fate });
    if (deed === 'dispute is decided') {
      const open = [...stripe.core.model.state.disputes.oldestFirst()].find(({ status }) => status === 'needs_response');
      if (open) stripe.controls.updateDispute(open.id, random.pick(['won', 'lost']), fate);
    }
    if (deed === 'gets a credit note') {
      // What is given to the balance moves no money, so that its event alone tells of it.
      stripe.controls.setFate(id, random.pick(['delivered', 'lost', 'doubled']), 'credit_note.created');
      const { total } = stripe.core.model.state.invoices.get(invoice.id)?.invoice ?? { total: 0 };
      void atHand.creditNotes.create({ invoice: invoice.id, amount: total, credit_amount: total }).catch(tolerated);
    }
  }
}

export function tolerantly(deed: () => unknown): boolean {
  try {
    deed();
    return true;
  } catch (error) {
    if (typeof (error as { readonly status?: unknown }).status === 'number') return false;
    throw error;
  }
}

function tolerated(error: unknown): void {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
}
