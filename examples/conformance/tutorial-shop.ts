// The webhook handler of most tutorials, and the adapter through which the conformance kit calls it. The handler checks the
// signature, and grants on each `checkout.session.completed`: it looks right, but grants without a payment or twice.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { BootShop } from '@paidonce/sandbox/conformance';
import Stripe from 'stripe';

/** Starts the app. Yours starts here as in production, but with the sandbox's address and keys. */
export const bootTutorialShop: BootShop = async ({ secretKey, webhookSecret, clientConfig }) => {
  const stripe = new Stripe(secretKey, { ...clientConfig });
  const welcomeMails: string[] = [];

  const server = createServer(async (request, response) => {
    const body = await text(request);
    try {
      const event = stripe.webhooks.constructEvent(body, String(request.headers['stripe-signature']), webhookSecret);
      if (event.type === 'checkout.session.completed') {
        welcomeMails.push(event.data.object.metadata?.['order'] ?? ''); // "Fulfill the purchase", as the tutorials write.
      }
      response.writeHead(200).end();
    } catch {
      response.writeHead(400).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  let orders = 0;
  return {
    webhookUrl: `http://127.0.0.1:${port}/webhook`,
    startOrder: async () => {
      orders += 1;
      const orderId = `order-${orders}`;
      const { id: sessionId } = await stripe.checkout.sessions.create({
        mode: 'payment',
        line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 4_900, product_data: { name: 'A course' } } }],
        metadata: { order: orderId },
        success_url: 'http://127.0.0.1:1/thanks', // A page that no server has here.
      });
      return { orderId, sessionId };
    },
    hasAccess: async ({ orderId }) => welcomeMails.includes(orderId),
    timesGranted: async ({ orderId }) => welcomeMails.filter((mail) => mail === orderId).length,
    settled: async () => undefined, // All work is done when the webhook is answered.
    close: async () => server.close(),
  };
};
