// Payments that are not for this order: too little, in another currency, for another shop, or with a reference that the
// buyer typed.
import { expectState, grantedOnce, nothing } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import type { Purchase, SessionTerms, Stage } from '../stage.ts';
import { money } from '../stage-texts.ts';

const cheapMatters = 'You sell for a fraction of the price: it takes one old link, one changed price, or one buyer who looks closely.';

export const otherMoneyScenarios: readonly Scenario[] = [
  {
    name: 'wrong-amount',
    promise: 'A payment of half the price gives no access, and does not block the right one',
    matters: cheapMatters,
    remedy:
      "Keep the price with your order when it is placed, and compare it with the session's amount_subtotal before you grant. Never take a price from the browser.",
    play: (stage) => playMismatch(stage, ({ amountMinor }) => ({ amountMinor: half(amountMinor) })),
  },
  {
    name: 'wrong-currency',
    promise: 'The right number in another currency gives no access, and does not block the right payment',
    matters: 'Ninety dollars and ninety yen are the same number.',
    remedy: 'Compare the currency together with the amount.',
    play: (stage) => playMismatch(stage, ({ currency }) => ({ currency: currency === 'jpy' ? 'krw' : 'jpy' })),
  },
  {
    name: 'foreign-payment',
    promise: 'A payment of something else in the same Stripe account is acknowledged and gives nobody access',
    matters:
      'An error for each object that is not yours makes Stripe disable your endpoint after some days, and then every webhook is lost.',
    remedy: 'Look whether the object is yours (by your metadata, or the session that you stored); if not, answer 200 and forget it.',
    play: async (stage) => {
      const bystander = await stage.order();
      for (const metadata of [{}, { order_id: 'A-1001', user: '77' }]) {
        const sessionId = await stage.foreignSession({ amountMinor: 1_500, currency: 'usd', metadata });
        stage.sandbox.pay(sessionId);
        stage.did(`Somebody pays for something else in the same Stripe account, with metadata ${JSON.stringify(metadata)}.`);
        await stage.deliverUntilAcknowledged(sessionId);
      }
      if (stage.has('poll')) await stage.poll();
      await expectState(stage, bystander, nothing);
    },
  },
  {
    name: 'typed-reference',
    promise: 'A cheap Payment Link, opened with the id of an order typed into its address, gives no access',
    matters: cheapMatters,
    remedy:
      'On a Payment Link the buyer types client_reference_id. Believe it only on sessions that you made yourself (payment_link is null); put your order into metadata.',
    play: async (stage) => {
      const purchase = await stage.order();
      const { amountMinor, currency } = termsOf(purchase);
      const price = { currency, unit_amount: half(amountMinor), product_data: { name: 'Sticker' } };
      const link = await stage.stripe.paymentLinks.create({ line_items: [{ quantity: 1, price_data: price }] });
      const clientReferenceId = purchase.session.client_reference_id ?? purchase.order.orderId;
      const { id } = stage.sandbox.openPaymentLink(link.id, { clientReferenceId });
      stage.sandbox.pay(id);
      stage.did(
        `A visitor opens your Payment Link for a sticker with ?client_reference_id=${clientReferenceId}, and pays ${money(price.unit_amount, currency)}.`,
      );
      await stage.deliverUntilAcknowledged(id);
      if (stage.has('poll')) await stage.poll();
      await expectState(stage, purchase, nothing);
    },
  },
];

async function playMismatch(stage: Stage, wrong: (terms: SessionTerms) => Partial<SessionTerms>): Promise<void> {
  const purchase = await stage.order();
  const right = termsOf(purchase);
  const terms = { ...right, ...wrong(right) };
  const sessionId = await stage.foreignSession(terms);
  stage.sandbox.pay(sessionId);
  stage.did(`Somebody pays ${money(terms.amountMinor, terms.currency)} on another session that carries the metadata of this order.`);
  await stage.deliver();
  if (stage.has('askStatus')) await stage.askStatus(purchase);
  if (stage.has('poll')) await stage.poll();
  await expectState(stage, purchase, nothing);
  stage.pay(purchase);
  await stage.deliverUntilAcknowledged(purchase.session.id);
  await expectState(stage, purchase, grantedOnce);
}

/** The terms of the app's own session: another session made with them claims to be for this order. */
export function termsOf({ session }: Purchase): SessionTerms {
  const { client_reference_id: reference } = session;
  return {
    amountMinor: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    metadata: { ...session.metadata },
    ...(reference === null ? {} : { clientReferenceId: reference }),
  };
}

function half(amountMinor: number): number {
  return Math.max(1, Math.floor(amountMinor / 2));
}
