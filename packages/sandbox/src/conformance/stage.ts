// What happens in a scenario: what the customer, the bank, Stripe, the network and the app do. Each step is recorded for
// the report. Also how the kit checks the result.

import type Stripe from 'stripe';
import { defined } from '../defined.ts';
import { systemRuntime } from '../runtime.ts';
import type { CardName, Fate, StripeSandbox } from '../sandbox/index.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { Settings } from './options.ts';
import type { Random } from './random.ts';
import type { Ability, PlacedOrder, SandboxAccess } from './shop-under-test.ts';
import { cardTexts, fateText, money } from './stage-texts.ts';
import { inTime, sessionOf, successPageOf, type World } from './world.ts';

/** An order, and its session as it was when the customer was sent to it. */
export interface Purchase {
  readonly order: PlacedOrder;
  readonly session: Stripe.Checkout.Session;
}

const resendRounds = 3;
/** One order makes a dozen or two. */
const newestEvents = 50;

export class Stage {
  readonly sandbox: StripeSandbox;
  readonly stripe: Stripe;
  readonly settings: Settings;
  readonly random: Random;
  /** An example of the app's sessions. */
  readonly sample: Stripe.Checkout.Session | undefined;
  readonly hasSuccessPage: boolean;
  readonly steps: string[] = [];
  /** Subscriptions (`sub_…`) that the scenario has begun. */
  readonly opened: string[] = [];
  readonly #world: World;

  constructor(world: World, settings: Settings, random: Random) {
    this.#world = world;
    this.sandbox = world.sandbox;
    this.stripe = world.stripe;
    this.sample = world.sample;
    this.hasSuccessPage = world.hasSuccessPage;
    this.settings = settings;
    this.random = random;
  }

  has(ability: Ability): boolean {
    return this.#world.app[ability] !== undefined;
  }

  did(step: string): void {
    this.steps.push(step);
  }

  // ── The customer

  async order(): Promise<Purchase> {
    const order = await this.ask('startOrder', async (app) => (app.startOrder ? app.startOrder() : undefined));
    if (order === undefined) throw new BrokenPromise('startOrder to answer an order', 'nothing');
    const session = await sessionOf(this.stripe, order);
    this.did(`A new customer orders: order ${order.orderId}, ${money(session.amount_total, session.currency)}.`);
    return { order, session };
  }

  /** @param sessionId default: the order's own session. */
  pay({ session }: Purchase, { card = 'success', fate = 'delivered', sessionId = session.id }: PayTerms = {}): void {
    this.sandbox.pay(sessionId, { card, fate });
    this.did(`The customer pays on Stripe's page${cardTexts[card] ?? ''}; Stripe's webhooks are ${fateText(fate)}.`);
  }

  /** A browser opens the success page, with `more` added to the query. */
  async visit({ session }: Purchase, more = ''): Promise<void> {
    const page = successPageOf(session) ?? '';
    const url = more === '' ? page : `${page}${page.includes('?') ? '&' : '?'}${more}`;
    this.did(`A browser opens ${url}.`);
    await this.http(url, {});
  }

  async askStatus({ order }: Purchase): Promise<void> {
    this.did("The success page asks the app for the payment's status.");
    await this.ask('askStatus', async (app) => app.askStatus?.(order));
  }

  async checkoutAgain({ order }: Purchase): Promise<string> {
    const sessionId = await this.ask('checkoutAgain', async (app) => (await app.checkoutAgain?.(order)) ?? '');
    await sessionOf(this.stripe, { ...order, sessionId });
    this.did(`The customer starts the checkout again: session ${sessionId}.`);
    return sessionId;
  }

  // ── Stripe

  /** Sends the webhooks that are due, once. */
  async deliver(): Promise<void> {
    const step = this.steps.push('Stripe sends the webhooks.') - 1;
    if ((await this.sandbox.deliverDue()) === 0) this.steps.splice(step, 1);
  }

  /** Like Stripe: sends what is not answered with 2xx again. @throws BrokenPromise if it never is. */
  async deliverUntilAcknowledged(sessionId: string): Promise<void> {
    await this.deliver();
    for (let round = 1; ; round += 1) {
      const refused = (await this.eventsOf(sessionId)).filter(({ pending_webhooks: pending }) => pending > 0);
      if (refused.length === 0) return;
      if (round > resendRounds) {
        const [first] = refused;
        throw new BrokenPromise(
          'the app to answer each webhook with a status of 200 to 299, at the latest when Stripe sends it again',
          this.lastRefusal() ?? `${first?.type} was never answered so`,
        );
      }
      this.did(`The app did not take ${refused.map(({ type }) => type).join(', ')}: Stripe sends again.`);
      await this.resend(refused);
    }
  }

  /** Sends every event of this session again, oldest first. */
  async sendAgain(sessionId: string, { withRefunds = true }: { readonly withRefunds?: boolean } = {}): Promise<void> {
    const events = (await this.eventsOf(sessionId)).filter(({ type }) => withRefunds || !type.includes('refund'));
    this.did(`Stripe sends all webhooks of this payment${withRefunds ? '' : ', but not of its refund'}, whether they came before or not.`);
    await this.resend(events.toReversed());
  }

  /** Events of the session, its payment intent, charge, refunds and disputes. Newest first. */
  async eventsOf(sessionId: string): Promise<readonly Stripe.Event[]> {
    const { payment_intent: intent } = await this.stripe.checkout.sessions.retrieve(sessionId);
    const { data } = await this.stripe.events.list({ limit: newestEvents });
    return data.filter(({ data: { object } }) => {
      const { id, payment_intent: of } = object as { readonly id?: string; readonly payment_intent?: unknown };
      return id === sessionId || (intent !== null && (id === intent || of === intent));
    });
  }

  /** Sends a webhook that the kit makes itself. Returns the status of the app's answer. */
  async post(body: string, signature: string | undefined): Promise<number> {
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      ...defined({ 'stripe-signature': signature }),
    };
    // Not followed: to Stripe, a redirect is a refusal.
    return (await this.http(this.#world.webhookUrl(), { method: 'POST', headers, body, redirect: 'manual' })).status;
  }

  sign(payload: string, { secret = this.#world.access.webhookSecret, ageSeconds = 0 }: SignTerms = {}): string {
    const now = this.settings.signedBy === 'sandbox' ? this.sandbox.now() : systemRuntime.now();
    const timestamp = Math.floor(now.getTime() / 1_000) - ageSeconds;
    return this.stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  }

  // ── The app

  /** From now on its clock is wrong by so much. */
  setClockAhead(ms: number): void {
    this.#world.skewMs = ms;
  }

  /** The price at Stripe of a plan. */
  get prices(): SandboxAccess['prices'] {
    return this.#world.access.prices;
  }

  /** What the app says of a subscription beside access. */
  get tells(): ReadonlySet<'plan' | 'quantity'> {
    return new Set(this.#world.app.subscriptions?.tells);
  }

  /** Whether the app's endpoint is subscribed to this type. */
  hears(type: string): boolean {
    const { webhookEvents: types = ['*'] } = this.#world.app;
    return types.includes('*') || types.includes(type);
  }

  lastRefusal(): string | undefined {
    return this.#world.refusals.at(-1);
  }

  async poll(): Promise<void> {
    this.did("The app's own job asks Stripe for payments.");
    await this.ask('poll', async (app) => app.poll?.());
  }

  async restart(): Promise<void> {
    this.did('The app is stopped and started again.');
    const moved = await this.ask('restart', async (app) => app.restart?.());
    if (moved) this.#world.moveWebhooksTo(moved.webhookUrl);
  }

  /** Resolves once the app has no work left, as far as the kit can tell. */
  async settled(): Promise<void> {
    const { app } = this.#world;
    if (app.settled) await this.ask('settled', async () => app.settled?.());
    else await systemRuntime.sleep(this.settings.quietMs);
  }

  async shopState({ order }: Purchase): Promise<{ readonly access: boolean; readonly times: number }> {
    const access = await this.ask('hasAccess', async (app) => (app.startOrder ? app.hasAccess(order) : undefined));
    const times = (await this.ask('timesGranted', async (app) => (app.startOrder ? app.timesGranted(order) : undefined))) ?? Number.NaN;
    if (typeof access === 'boolean' && Number.isSafeInteger(times) && times >= 0) return { access, times };
    throw new BrokenPromise('hasAccess to say true or false, and timesGranted a whole number', `${access} and ${times}`);
  }

  async http(url: string, init: RequestInit): Promise<{ readonly status: number }> {
    const { callTimeoutMs } = this.settings;
    return this.ask(`${init.method ?? 'GET'} ${url}`, async () => {
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(callTimeoutMs) });
      await answer.arrayBuffer();
      return answer;
    });
  }

  async resend(events: readonly Stripe.Event[]): Promise<void> {
    for (const { id } of events) await this.stripe.rawRequest('POST', `/v1/events/${id}/retry`);
    await this.sandbox.deliverDue();
  }

  /** @throws BrokenPromise if the app fails, or takes too long. */
  async ask<T>(what: string, call: (app: World['app']) => Promise<T>): Promise<T> {
    try {
      return await inTime(what, this.settings.callTimeoutMs, () => call(this.#world.app));
    } catch (error) {
      throw new BrokenPromise(`${what} to answer`, error instanceof Error ? error.message : String(error));
    }
  }
}

interface SignTerms {
  /** Default: the endpoint's secret. */
  readonly secret?: string;
  readonly ageSeconds?: number;
}

export interface PayTerms {
  readonly card?: CardName;
  readonly fate?: Fate;
  readonly sessionId?: string;
}
