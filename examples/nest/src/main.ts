// PaidOnce in a NestJS shop: a provider that holds the payments, and their routes beside the shop's controllers.

// #region imports
import 'reflect-metadata';
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import {
  type BeforeApplicationShutdown,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  Param,
  Post,
  Redirect,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { nodeHandler, type PaymentHandlers, paymentConsole, paymentHandlers } from '@paidonce/http/fetch';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { type Delivered, onceSync, onceTable, sqlOf } from '@paidonce/ledger/once';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';

const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name} in the environment`);
  return value;
};
const consolePassword = setting('CONSOLE_PASSWORD');
const port = Number(process.env.PORT ?? 3000);
const url = process.env.SHOP_URL ?? `http://127.0.0.1:${port}`;
// #endregion imports

// #region memberships
/** The shop's own table. With an asynchronous database it is `once`, in a transaction of your ORM. */
@Injectable()
class Memberships {
  readonly #database = new DatabaseSync(process.env.SHOP_DB ?? 'shop.db');

  constructor() {
    this.#database.exec(`${onceTable.sqlite}; CREATE TABLE IF NOT EXISTS memberships (
      membership_id TEXT PRIMARY KEY, member_id TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL) STRICT`);
  }

  /** Saves a decision, once. */
  async save(change: MembershipChange): Promise<Delivered> {
    const { membershipId, memberId, plan, status } = change;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const delivered = onceSync(sqlOf.nodeSqlite(this.#database), change, () => {
        this.#database.prepare('INSERT OR REPLACE INTO memberships VALUES (?, ?, ?, ?)').run(membershipId, memberId, plan, status);
      });
      this.#database.exec('COMMIT');
      return delivered;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  hasAccess(memberId: string): boolean {
    return this.#database.prepare(`SELECT 1 FROM memberships WHERE member_id = ? AND status = 'active'`).get(memberId) !== undefined;
  }

  close(): void {
    this.#database.close();
  }
}
// #endregion memberships

// #region payments
@Injectable()
class Payments implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly stripe: StripePayments;
  readonly handlers: PaymentHandlers;
  readonly #memberships: Memberships;

  private constructor(stripe: StripePayments, memberships: Memberships) {
    this.stripe = stripe;
    this.handlers = paymentHandlers({ payments: stripe, log: console });
    this.#memberships = memberships;
  }

  static async open(memberships: Memberships): Promise<Payments> {
    const ledger = createPaymentLedger({
      eventStore: await openSqliteEventStore(process.env.LEDGER_DB ?? 'ledger.db'),
      deliver: (change) => memberships.save(change),
      log: console,
    });
    const stripe = stripePayments({
      ledger,
      stripe: openStripe(setting('STRIPE_SECRET_KEY'), process.env.STRIPE_API_BASE),
      webhookSecrets: [setting('STRIPE_WEBHOOK_SECRET')],
    });
    return new Payments(stripe, memberships);
  }

  /** Pages that wait for news are answered now. Without it the server, which is closed next, would wait for them, up to 30 s. */
  beforeApplicationShutdown(): void {
    this.handlers.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stripe[Symbol.asyncDispose](); // First the payments, then the ledger, which closes its store.
    await this.stripe.ledger[Symbol.asyncDispose]();
    this.#memberships.close();
  }
}
// #endregion payments

// #region module
@Controller()
class ShopController {
  readonly #payments: Payments;
  readonly #memberships: Memberships;

  constructor(@Inject(Payments) payments: Payments, @Inject(Memberships) memberships: Memberships) {
    this.#payments = payments;
    this.#memberships = memberships;
  }

  @Post('buy/:memberId')
  @Redirect()
  async buy(@Param('memberId') memberId: string) {
    const order = { orderId: randomUUID(), memberId, plan: 'lifetime', amountMinor: 24_000, currency: 'usd' };
    const checkout = await this.#payments.stripe.startCheckout({ ...order, successUrl: `${url}/thanks` });
    return { url: checkout.url, statusCode: 303 };
  }

  @Get('members/:memberId')
  member(@Param('memberId') memberId: string) {
    return { hasAccess: this.#memberships.hasAccess(memberId) };
  }

  @Get('thanks')
  thanks() {
    return 'Thank you. Your membership is on its way.';
  }
}

@Module({
  controllers: [ShopController],
  providers: [
    Memberships,
    { provide: Payments, useFactory: (memberships: Memberships) => Payments.open(memberships), inject: [Memberships] },
  ],
})
class AppModule {}
// #endregion module

// #region mount
async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  const { stripe: payments, handlers } = app.get(Payments);
  const operators = paymentConsole({ payments, authenticate: operatorOf, log: console });
  // Before listen() and init(), which add the body parsers, and the route that answers 404 to all that comes after it.
  // Neither the global prefix nor guards reach these.
  app.use('/webhooks/stripe', nodeHandler(handlers.webhook));
  app.use(
    '/payment/status',
    nodeHandler((request) => handlers.status(request)),
  );
  app.use('/health/live', nodeHandler(handlers.live));
  app.use('/health/ready', nodeHandler(handlers.ready));
  app.use('/admin/payments', nodeHandler(operators));
  app.enableShutdownHooks(); // Else the hooks of Payments are not called.
  await app.listen(port);
  console.info(`The shop is at ${url}, the console at ${url}/admin/payments`);
}
// #endregion mount

// #region helpers
/** @param base of a sandbox. Undefined: Stripe itself. */
function openStripe(secretKey: string, base: string | undefined): Stripe {
  if (base === undefined) return new Stripe(secretKey);
  const { hostname: host, port } = new URL(base);
  return new Stripe(secretKey, { host, port, protocol: 'http' });
}

/** Replace it by your own sessions. Here it is one password, which the browser asks for. */
function operatorOf(request: Request) {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = `Basic ${Buffer.from(`support:${consolePassword}`).toString('base64')}`;
  if (timingSafeEqual(digest(request.headers.get('authorization') ?? ''), digest(wanted))) return { actor: 'support' };
  return new Response('Sign in', { status: 401, headers: { 'www-authenticate': 'Basic realm="payments"' } });
}

void main();
// #endregion helpers
