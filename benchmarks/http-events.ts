// The webhooks of `bench -- http`: two events of one purchase at the sandbox, copied for any number of purchases by their ids, and signed.
import { startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';

export const secret = 'whsec_of_the_bench';
export const webhookPath = '/webhooks/stripe';

/** `first`: the session is complete, and the payment is not known yet. `confirmed`: its payment intent says so too. */
export type Kind = 'first' | 'confirmed';

/** The text of both events, with a mark where each copy has ids of its own. */
export type Templates = Readonly<Record<Kind, string>>;

const typeOf: Readonly<Record<Kind, string>> = { first: 'checkout.session.completed', confirmed: 'payment_intent.succeeded' };
/** No text of Stripe has these. */
const mark = '__number__';
const ledgerMark = '__ledger__';

export const orderId = (number: number | string): string => `order-${number}`;
export const sessionId = (number: number | string): string => `cs_test_bench${number}`;

/** One purchase at the sandbox. */
export async function recordTemplates(): Promise<{ readonly templates: Templates; readonly account: string }> {
  await using sandbox = await startStripeSandbox({ automatic: false });
  const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false });
  const metadata = { paidonce: 'paidonce', paidonce_order: orderId(mark), paidonce_ledger: ledgerMark };
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    success_url: 'https://shop.example/done',
    line_items: [{ price_data: { currency: 'usd', unit_amount: 4_900, product_data: { name: 'Pro' } }, quantity: 1 }],
    metadata,
    payment_intent_data: { metadata },
  });
  sandbox.pay(session.id);
  const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(session.id);
  const { data: events } = await stripe.events.list();
  const template = (kind: Kind): string => {
    const event = events.find(({ type }) => type === typeOf[kind]);
    if (event === undefined) throw new Error(`the sandbox made no ${typeOf[kind]}`);
    return JSON.stringify({ ...event, id: `evt_bench_${kind}_${mark}` })
      .replaceAll(session.id, sessionId(mark))
      .replaceAll(String(intent), `pi_bench${mark}`);
  };
  return { templates: { first: template('first'), confirmed: template('confirmed') }, account: sandbox.account };
}

/** The same for a ledger of this identity. */
export function madeBy(ledgerId: string, { first, confirmed }: Templates): Templates {
  return { first: first.replaceAll(ledgerMark, ledgerId), confirmed: confirmed.replaceAll(ledgerMark, ledgerId) };
}

/** The request of one webhook, as bytes that go over the socket. */
export function requestOf(template: string, number: number): Buffer {
  const payload = template.replaceAll(mark, String(number));
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  return Buffer.from(
    `POST ${webhookPath} HTTP/1.1\r\nhost: shop.example\r\ncontent-type: application/json; charset=utf-8\r\nstripe-signature: ${signature}\r\ncontent-length: ${Buffer.byteLength(payload)}\r\n\r\n${payload}`,
  );
}
