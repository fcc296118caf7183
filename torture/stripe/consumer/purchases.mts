// Plays what a shop does with the `stripe` of this folder: orders that are paid and reported by webhook, by status query and by
// poll, against the sandbox. Between them stands a relay that notes which version of the API each request names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { stripePayments } from '@paidonce/stripe-adapter';
import type Stripe from 'stripe';

const key = 'sk_test_123456789012';
const secret = 'whsec_sandbox_of_the_matrix';
const order = { memberId: 'member-1', plan: 'year', amountMinor: 1_000, currency: 'eur' };
const successUrl = 'https://shop.example/done';

export interface Played {
  readonly sdk: string;
  /** What the shop was given, in order. */
  readonly deliveries: readonly string[];
  /** The source that granted each order. */
  readonly grantedBy: Readonly<Record<string, string | undefined>>;
  readonly forged: readonly string[];
  /** The versions that the two creations named, and those of all other requests. */
  readonly versions: { readonly creations: readonly string[]; readonly others: readonly string[]; readonly requests: number };
  readonly doctor: { readonly code: unknown; readonly lines: readonly string[] };
}

export async function play(Client: typeof Stripe): Promise<Played> {
  await using sandbox = await startStripeSandbox({ automatic: false });
  await using relay = await startRelay(sandbox.port);
  const deliveries: string[] = [];
  const deliver = async (change: { readonly membershipId: string; readonly status: string }): Promise<void> => {
    deliveries.push(`${change.membershipId} ${change.status}`);
  };
  await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), deliver });
  const stripe = new Client(key, { host: '127.0.0.1', port: relay.port, protocol: 'http', telemetry: false });
  await using payments = stripePayments({ ledger, stripe, webhookSecrets: [secret], poll: false });
  await using hook = await startServer(async (body, signature) => (await payments.handleWebhook(body, signature)).outcome);
  sandbox.addWebhookEndpoint({ url: hook.url, secret });

  const start = async (orderId: string): Promise<string> => (await payments.startCheckout({ ...order, orderId, successUrl })).sessionId;
  sandbox.pay(await start('by-webhook'));
  await sandbox.deliverDue();
  const looked = await start('by-status');
  sandbox.pay(looked, { fate: 'lost' });
  await payments.status(looked);
  const own = await payments.startCheckout({ ...order, orderId: 'on-own-page', ui: 'embedded', returnUrl: successUrl });
  sandbox.pay(own.sessionId, { fate: 'lost' });
  await payments.status(own.sessionId);
  const bare = await payments.startCheckout({ ...order, orderId: 'by-intent', ui: 'intent' });
  sandbox.payIntent(bare.paymentIntentId, { fate: 'lost' });
  await payments.status(bare.paymentIntentId);
  sandbox.pay(await start('by-poll'), { fate: 'never_made' });
  await payments.sweep();
  sandbox.refund(looked);
  await sandbox.deliverDue();
  await ledger.settle();

  const now = Math.floor(Date.now() / 1_000);
  const forged = [`t=${now},v1=`, `t=${now},v1=${'00'.repeat(32)}`, ''];
  const orders = ['by-webhook', 'by-status', 'on-own-page', 'by-intent', 'by-poll'];
  return {
    sdk: Client.PACKAGE_VERSION,
    deliveries,
    grantedBy: Object.fromEntries(await Promise.all(orders.map(async (id) => [id, (await ledger.order(id))?.grantedBy] as const))),
    forged: await Promise.all(forged.map((signature) => hook.post('{"id":"evt_1"}', signature))),
    doctor: await doctor(relay.port, hook.url),
    versions: relay.versions(),
  };
}

/** The command of the package, with the SDK that it finds. */
async function doctor(port: number, url: string): Promise<Played['doctor']> {
  const main = new URL('node_modules/@paidonce/stripe-adapter/dist/cli/main.js', import.meta.url).pathname;
  const env = { ...process.env, STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: secret, STRIPE_API_BASE: `http://127.0.0.1:${port}` };
  const child = spawn(process.execPath, [main, 'doctor', '--no-store', '--url', url], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { code, lines: out.trim().split('\n') };
}

interface Listening extends AsyncDisposable {
  readonly port: number;
}

async function listening(server: ReturnType<typeof createServer>): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Hands each request on to the sandbox. */
async function startRelay(to: number): Promise<Listening & { versions(): Played['versions'] }> {
  const creations = new Set<string>();
  const others = new Set<string>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const { method, url = '', headers } = request;
    const isCreation = method === 'POST' && /^\/v1\/(?:checkout\/sessions|payment_intents)$/.test(url);
    (isCreation ? creations : others).add(String(headers['stripe-version']));
    const onward = forward({ host: '127.0.0.1', port: to, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  return { ...(await listening(server)), versions: () => ({ creations: [...creations], others: [...others], requests }) };
}

type Handle = (body: Uint8Array, signature: string) => Promise<string>;

async function startServer(
  handle: Handle,
): Promise<Listening & { readonly url: string; post(body: string, signature: string): Promise<string> }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const outcome = await handle(Buffer.concat(chunks), String(request.headers['stripe-signature'] ?? ''));
    response.writeHead(outcome === 'bad_signature' ? 400 : 200).end(outcome);
  });
  const listener = await listening(server);
  const url = `http://127.0.0.1:${listener.port}/`;
  const post = async (body: string, signature: string): Promise<string> =>
    (await fetch(url, { method: 'POST', body, headers: { 'stripe-signature': signature } })).text();
  return { ...listener, url, post };
}
