// Payments that are not for this order: too little, in another currency, for another shop, or with a reference that the
// buyer typed.
import { chargeStep, leastCharge } from '../../sandbox/objects/charge-limits.ts';
import { BrokenPromise } from '../broken-promise.ts';
import { expectState, grantedOnce, nothing } from '../expectations.ts';
import { foreignSession, type SessionTerms, termsOf } from '../foreign-session.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { money } from '../stage-texts.ts';

const cheapMatters = 'You sell for a fraction of the price: it takes one old link, one changed price, or one buyer who looks closely.';

export const otherMoneyScenarios: readonly Scenario[] = [
  {
    name: 'wrong-amount',
    promise: 'A payment of less than the price gives no access, and does not block the right one',
    matters: cheapMatters,
    remedy:
      "Keep the price with your order when it is placed, and compare it with the session's amount_subtotal before you grant. Never take a price from the browser.",
    skip: whereNothingIsCheaper,
    play: (stage) => playMismatch(stage, (terms) => ({ amountMinor: lessThan(terms) })),
  },
  {
    name: 'wrong-currency',
    promise: 'The right number in another currency gives no access, and does not block the right payment',
    matters: 'Ninety dollars and ninety won are the same number.',
    remedy: 'Compare the currency together with the amount.',
    play: (stage) => playMismatch(stage, ({ currency }) => ({ currency: currency === 'krw' ? 'jpy' : 'krw' })),
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
        const sessionId = await foreignSession(stage, { amountMinor: 1_500, currency: 'usd', metadata });
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
    skip: whereNothingIsCheaper,
    play: async (stage) => {
      const purchase = await stage.order();
      const { currency, ...terms } = await termsOf(stage, purchase);
      const price = { currency, unit_amount: lessThan({ currency, ...terms }), product_data: { name: 'Sticker' } };
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
  const right = await termsOf(stage, purchase);
  const terms = { ...right, ...wrong(right) };
  const sessionId = await foreignSession(stage, terms);
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

/** Half the price; where Stripe takes no charge of so little, the most that is less than the price. */
function lessThan({ amountMinor, currency }: Pick<SessionTerms, 'amountMinor' | 'currency'>): number {
  const less = cheaper(amountMinor, currency);
  if (less !== undefined) return less;
  throw new BrokenPromise('each order to cost more than the least that Stripe takes', `one that costs ${money(amountMinor, currency)}`);
}

function cheaper(amountMinor: number, currency: string): number | undefined {
  const step = chargeStep(currency);
  const half = Math.floor(amountMinor / 2 / step) * step;
  return [half, amountMinor - step].find((less) => less > 0 && less >= leastCharge(currency));
}

function whereNothingIsCheaper({ sample }: Stage): string | undefined {
  const { amount_total: amountMinor, currency } = sample ?? {};
  if (!amountMinor || !currency || cheaper(amountMinor, currency) !== undefined) return undefined;
  return `your order costs ${money(amountMinor, currency)}, and Stripe takes nothing less.`;
}
