// A shop without PaidOnce, in plain node:http with a "database" of Maps. Without mistakes it passes the kit. It can make each
// mistake that real shops make, and then it must fail what that mistake breaks.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Stripe from 'stripe';
import type { BootShop, PlacedOrder, SandboxAccess } from './shop-under-test.ts';

export type Mistake =
  | 'fails-on-each-webhook'
  | 'grants-on-each-webhook'
  | 'remembers-event-ids-only'
  | 'checks-then-grants'
  | 'last-event-wins'
  | 'success-page-grants-too'
  | 'success-page-believes-the-browser'
  | 'status-never-asks-stripe'
  | 'status-ignores-payment-status'
  | 'status-gives-up-on-failure'
  | 'poll-does-nothing'
  | 'poll-reads-events-only'
  | 'poll-skips-what-failed'
  | 'poll-grants-by-itself'
  | 'ignores-signature'
  | 'ignores-signature-age'
  | 'takes-unsigned-webhooks'
  | 'ignores-amount'
  | 'ignores-currency'
  | 'fails-on-other-apps'
  | 'believes-client-reference'
  | 'ignores-payment-status'
  | 'expiry-ends-the-order'
  | 'ignores-refunds'
  | 'ignores-disputes'
  | 'any-refund-ends'
  | 'counts-pending-refunds'
  | 'refund-ends-the-order'
  | 'forgets-early-refunds'
  | 'paid-event-opens-again'
  | 'swallows-failures'
  | 'acknowledges-first'
  | 'remembers-in-memory'
  /** No mistake: the order stands in the metadata of the payment intent, and `payment_intent.succeeded` grants it. */
  | 'names-the-intent-alone';

interface Row {
  readonly amountMinor: number;
  readonly currency: string;
  /** The payments that count. Key: the payment intent; value: the amount in minor units. */
  readonly paid: Map<string, number>;
  granted: boolean;
  access: boolean;
  mails: number;
}

/** The data that survive a restart. */
interface Database {
  readonly product: Product;
  readonly orders: Map<string, Row>;
  /** Key: the payment intent. */
  readonly refundedMinor: Map<string, number>;
  readonly eventIds: Set<string>;
}

interface Product {
  readonly amountMinor: number;
  readonly currency: string;
}

export function plainShop(...mistakes: Mistake[]): BootShop {
  return plainShopSelling({ amountMinor: 9_000, currency: 'usd' }, ...mistakes);
}

export function plainShopSelling(product: Product, ...mistakes: Mistake[]): BootShop {
  return async (access) => {
    const database: Database = { product, orders: new Map(), refundedMinor: new Map(), eventIds: new Set() };
    let shop = await PlainShop.start(access, database, new Set(mistakes));
    return {
      webhookUrl: shop.webhookUrl,
      startOrder: () => shop.startOrder(),
      hasAccess: async ({ orderId }) => database.orders.get(orderId)?.access ?? false,
      timesGranted: async ({ orderId }) => database.orders.get(orderId)?.mails ?? 0,
      askStatus: ({ sessionId }) => shop.askStatus(sessionId),
      poll: () => shop.poll(),
      checkoutAgain: ({ orderId }) => shop.checkout(orderId),
      restart: async () => {
        await shop.close();
        shop = await PlainShop.start(access, database, new Set(mistakes));
        return { webhookUrl: shop.webhookUrl };
      },
      settled: () => shop.settled(),
      close: () => shop.close(),
    };
  };
}

class PlainShop {
  readonly url: string;
  readonly webhookUrl: string;
  readonly #access: SandboxAccess;
  readonly #database: Database;
  readonly #mistakes: ReadonlySet<Mistake>;
  readonly #server: Server;
  readonly #stripe: Stripe;
  readonly #grantedInMemory = new Set<string>();
  readonly #background = new Set<Promise<void>>();
  #closed = false;
  #pollFrom = 0;

  private constructor(access: SandboxAccess, database: Database, mistakes: ReadonlySet<Mistake>, server: Server) {
    this.#access = access;
    this.#database = database;
    this.#mistakes = mistakes;
    this.#server = server;
    this.#stripe = new Stripe(access.secretKey, { ...access.clientConfig, maxNetworkRetries: 0 });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.webhookUrl = `${this.url}/webhook`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(access: SandboxAccess, database: Database, mistakes: ReadonlySet<Mistake>): Promise<PlainShop> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PlainShop(access, database, mistakes, server);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server.close(), 'close');
  }

  async settled(): Promise<void> {
    await Promise.all(this.#background);
  }

  // ── Orders

  async startOrder(): Promise<PlacedOrder> {
    const orderId = `order-${this.#database.orders.size + 1}`;
    this.#database.orders.set(orderId, { ...this.#database.product, paid: new Map(), granted: false, access: false, mails: 0 });
    return { orderId, sessionId: await this.checkout(orderId) };
  }

  async checkout(orderId: string): Promise<string> {
    const { amountMinor, currency } = this.#database.product;
    const names = { metadata: { order: orderId } };
    const { id } = await this.#stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency, unit_amount: amountMinor, product_data: { name: 'A year' } } }],
      ...(this.#makes('names-the-intent-alone') ? { payment_intent_data: names } : { ...names, client_reference_id: orderId }),
      success_url: `${this.url}/success?session_id={CHECKOUT_SESSION_ID}`,
    });
    return id;
  }

  // ── Over HTTP

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const answered = pathname === '/webhook' ? this.#webhook(Buffer.concat(chunks).toString(), request) : this.#success(searchParams);
    const status = await answered.catch(() => 500);
    if (!this.#closed) response.writeHead(status).end();
  }

  async #webhook(body: string, { headers }: IncomingMessage): Promise<number> {
    const signature = headers['stripe-signature'];
    const event = this.#verified(body, typeof signature === 'string' ? signature : undefined);
    if (!event) return 400;
    if (this.#makes('fails-on-each-webhook')) return 500;
    if (this.#makes('remembers-event-ids-only') && this.#database.eventIds.has(event.id)) return 200;
    this.#database.eventIds.add(event.id);
    if (this.#makes('acknowledges-first')) {
      this.#later(() => this.#handleEvent(event));
      return 200;
    }
    try {
      await this.#handleEvent(event);
      return 200;
    } catch {
      return this.#makes('swallows-failures') ? 200 : 503;
    }
  }

  #verified(body: string, signature: string | undefined): Stripe.Event | undefined {
    const unchecked = this.#makes('ignores-signature') || (signature === undefined && this.#makes('takes-unsigned-webhooks'));
    if (unchecked) return JSON.parse(body) as Stripe.Event;
    const toleranceSeconds = this.#makes('ignores-signature-age') ? 1e9 : 300;
    try {
      return this.#stripe.webhooks.constructEvent(body, signature ?? '', this.#access.webhookSecret, toleranceSeconds);
    } catch {
      return undefined;
    }
  }

  async #success(query: URLSearchParams): Promise<number> {
    const sessionId = query.get('session_id') ?? '';
    const session = await this.#stripe.checkout.sessions.retrieve(sessionId);
    const order = this.#orderOf(session);
    if (order && this.#makes('success-page-believes-the-browser')) this.#welcome(order);
    if (order && this.#makes('success-page-grants-too') && session.payment_status === 'paid') this.#welcome(order);
    return 200;
  }

  /** Does the work later, and repeats it until it succeeds. It is kept only in memory. */
  #later(work: () => Promise<void>): void {
    const run = async (): Promise<void> => {
      await pause(50);
      while (!this.#closed) {
        try {
          return await work();
        } catch {
          await pause(10);
        }
      }
    };
    const running = run().finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  // ── What Stripe says

  async #handleEvent({ type, data }: Stripe.Event): Promise<void> {
    switch (type) {
      case 'checkout.session.completed':
      case 'checkout.session.async_payment_succeeded': {
        const session = data.object as Stripe.Checkout.Session;
        await this.#stripe.checkout.sessions.listLineItems(session.id); // Reads what was bought.
        return this.#paid(session);
      }
      case 'payment_intent.succeeded':
        if (this.#makes('names-the-intent-alone')) await this.#paidIntent(data.object as Stripe.PaymentIntent);
        return;
      case 'checkout.session.expired': {
        const order = this.#orderOf(data.object as Stripe.Checkout.Session);
        if (order && this.#makes('expiry-ends-the-order')) order.access = false;
        return;
      }
      case 'payment_intent.created':
        if (this.#makes('last-event-wins'))
          for (const order of this.#database.orders.values()) this.#pending(order, data.object as Stripe.PaymentIntent);
        return;
      case 'charge.refunded':
      case 'refund.updated':
      case 'refund.failed':
        return this.#refunded(String((data.object as Stripe.Charge | Stripe.Refund).payment_intent));
      case 'charge.dispute.closed':
        return this.#disputed(data.object as Stripe.Dispute);
    }
  }

  async #paidIntent({ id, metadata, amount_received: amountMinor, currency }: Stripe.PaymentIntent): Promise<void> {
    const order = this.#database.orders.get(metadata['order'] ?? '');
    if (!order || (amountMinor < order.amountMinor && !this.#makes('ignores-amount'))) return;
    if (currency !== order.currency && !this.#makes('ignores-currency')) return;
    order.paid.set(id, amountMinor);
    await this.#decide(order, true);
  }

  #pending(order: Row, { id }: Stripe.PaymentIntent): void {
    if (order.paid.has(id)) order.access = false;
  }

  async #paid(session: Stripe.Checkout.Session, asked = false): Promise<void> {
    const order = this.#orderOf(session);
    if (!order) {
      if (this.#makes('fails-on-other-apps')) throw new Error(`no order for ${session.id}`);
      return;
    }
    const blind = this.#makes('ignores-payment-status') || (asked && this.#makes('status-ignores-payment-status'));
    if (session.payment_status !== 'paid' && !blind) return;
    if ((session.amount_total ?? 0) < order.amountMinor && !this.#makes('ignores-amount')) return;
    if (session.currency !== order.currency && !this.#makes('ignores-currency')) return;
    this.#dieIfClosed();
    order.paid.set(String(session.payment_intent), session.amount_total ?? 0);
    await this.#decide(order, true);
  }

  async #refunded(intent: string): Promise<void> {
    if (this.#makes('ignores-refunds')) return;
    const order = [...this.#database.orders.values()].find(({ paid }) => paid.has(intent));
    if (!order && this.#makes('forgets-early-refunds')) return;
    const { data } = await this.#stripe.refunds.list({ payment_intent: intent });
    const counted = data.filter(({ status }) => status === 'succeeded' || this.#makes('counts-pending-refunds'));
    const sum = counted.reduce((total, { amount }) => total + amount, 0);
    this.#database.refundedMinor.set(intent, sum > 0 && this.#makes('any-refund-ends') ? Number.POSITIVE_INFINITY : sum);
    if (!order) return;
    if (sum > 0 && this.#makes('refund-ends-the-order')) order.paid.clear();
    await this.#decide(order, false);
  }

  async #disputed({ status, payment_intent: intent }: Stripe.Dispute): Promise<void> {
    const order = [...this.#database.orders.values()].find(({ paid }) => paid.has(String(intent)));
    if (!order || status !== 'lost' || this.#makes('ignores-disputes')) return;
    this.#database.refundedMinor.set(String(intent), Number.POSITIVE_INFINITY);
    await this.#decide(order, false);
  }

  async askStatus(sessionId: string): Promise<void> {
    if (this.#makes('status-never-asks-stripe')) return;
    if (this.#makes('status-gives-up-on-failure') && this.#grantedInMemory.has(`failed ${sessionId}`)) return;
    try {
      await this.#paid(await this.#stripe.checkout.sessions.retrieve(sessionId), true);
    } catch (error) {
      this.#grantedInMemory.add(`failed ${sessionId}`);
      throw error;
    }
  }

  async poll(): Promise<void> {
    if (this.#makes('poll-does-nothing')) return;
    try {
      const created = { gte: this.#pollFrom };
      const sessions = this.#makes('poll-reads-events-only')
        ? (await this.#stripe.events.list({ type: 'checkout.session.completed', created, limit: 100 })).data.map(
            ({ data }) => data.object as Stripe.Checkout.Session,
          )
        : (await this.#stripe.checkout.sessions.list({ status: 'complete', created, limit: 100 })).data;
      for (const session of sessions) {
        const order = this.#orderOf(session);
        if (order && !order.granted && session.payment_status === 'paid' && this.#makes('poll-grants-by-itself')) this.#handOver(order);
        else await this.#paid(session);
      }
    } catch (error) {
      if (this.#makes('poll-skips-what-failed')) this.#pollFrom = Math.floor(Date.now() / 1_000) + 1;
      throw error;
    }
  }

  // ── The decision

  async #decide(order: Row, isPaidEvent: boolean): Promise<void> {
    const left = [...order.paid].filter(([intent, paidMinor]) => paidMinor > (this.#database.refundedMinor.get(intent) ?? 0));
    const entitled = left.length > 0 || (isPaidEvent && this.#makes('paid-event-opens-again'));
    const first = !this.#wasGranted(order);
    if (this.#makes('checks-then-grants')) await pause(200); // Longer than the lead in a race, also on a busy machine.
    this.#dieIfClosed();
    if (entitled && (first || (isPaidEvent && (this.#makes('grants-on-each-webhook') || this.#makes('remembers-event-ids-only')))))
      this.#handOver(order);
    order.access = entitled;
  }

  /** Throws after the process was stopped, so that it writes nothing more. */
  #dieIfClosed(): void {
    if (this.#closed) throw new Error('the process has ended');
  }

  #wasGranted(order: Row): boolean {
    return this.#makes('remembers-in-memory') ? this.#grantedInMemory.has(this.#idOf(order)) : order.granted;
  }

  #handOver(order: Row): void {
    order.granted = true;
    this.#grantedInMemory.add(this.#idOf(order));
    this.#welcome(order);
  }

  #welcome(order: Row): void {
    order.access = true;
    order.mails += 1;
  }

  #idOf(order: Row): string {
    return [...this.#database.orders].find(([, row]) => row === order)?.[0] ?? '';
  }

  #orderOf({ metadata, client_reference_id: reference }: Stripe.Checkout.Session): Row | undefined {
    const typed = this.#makes('believes-client-reference') ? reference : undefined;
    return this.#database.orders.get(metadata?.['order'] ?? typed ?? '');
  }

  #makes(mistake: Mistake): boolean {
    return this.#mistakes.has(mistake);
  }
}
