// The sandbox without sockets: the account, its API, its clock and its webhooks, wired together.
import { Agenda, type Reminder } from './agenda.ts';
import { Api } from './api/api.ts';
import { CallCounter } from './api/call-counter.ts';
import { Faults } from './api/faults.ts';
import { Idempotency } from './api/idempotency.ts';
import { RouteTable } from './api/route.ts';
import { SandboxClock } from './clock.ts';
import { idSource } from './ids.ts';
import { BY_ITSELF, type Model } from './model.ts';
import { accountRoutes } from './objects/account.ts';
import { balanceTransactionRoutes } from './objects/balance-transactions.ts';
import { chargeRoutes } from './objects/charges.ts';
import { expireByTime } from './objects/checkout-expire.ts';
import { checkoutSessionRoutes } from './objects/checkout-sessions.ts';
import { couponRoutes } from './objects/coupons.ts';
import { disputeRoutes } from './objects/disputes.ts';
import { eventRoutes } from './objects/events.ts';
import { paymentIntentRoutes } from './objects/payment-intents.ts';
import { catalogRoutes } from './objects/prices.ts';
import { refundRoutes } from './objects/refunds.ts';
import { settle } from './objects/settlement.ts';
import type { Settings, WebhookEndpointOptions } from './options.ts';
import { State } from './state/state.ts';
import { StateFile } from './state/state-file.ts';
import { WebhookDeliverer } from './webhooks/deliverer.ts';
import { endpointRoutes, putEndpoint } from './webhooks/endpoint.ts';

const ROUTES = new RouteTable([
  ...accountRoutes,
  ...balanceTransactionRoutes,
  ...catalogRoutes,
  ...chargeRoutes,
  ...checkoutSessionRoutes,
  ...couponRoutes,
  ...disputeRoutes,
  ...endpointRoutes,
  ...eventRoutes,
  ...paymentIntentRoutes,
  ...refundRoutes,
]);

const CONFIGURED = 'we_configured';
const CLOCK_OFFSET = 'clock_offset_ms';
/** Timers hold at most 24 days, and a clock may be set: look again after an hour at the latest. */
const LONGEST_SLEEP_MS = 3_600_000;
const AFTER_ERROR_MS = 1_000;

export class SandboxCore {
  readonly settings: Settings;
  readonly model: Model;
  readonly api: Api;
  readonly calls: CallCounter = new CallCounter();
  readonly faults: Faults = new Faults();
  readonly #deliverer: WebhookDeliverer;
  #dueWebhooks: string[] = [];
  #waking = new AbortController();
  #closed = false;
  #loop: Promise<void> = Promise.resolve();

  /** @throws Error where the state file cannot be used, or a webhook endpoint is none. */
  constructor(settings: Settings) {
    this.settings = settings;
    const { runtime, log } = settings;
    const state = new State(settings.stateFile === undefined ? undefined : new StateFile(settings.stateFile));
    const model: Model = {
      state,
      clock: new SandboxClock(runtime, state.settings.get(CLOCK_OFFSET)?.value ?? 0),
      newId: idSource(runtime),
      agenda: new Agenda(() => this.#waking.abort()),
      account: settings.account,
      apiVersion: settings.apiVersion,
      zeroAmountStatus: settings.zeroAmountStatus,
      settleAfterMs: settings.settleAfterMs,
      baseUrl: 'http://127.0.0.1',
      cause: BY_ITSELF,
    };
    this.model = model;
    const idempotency = new Idempotency(model);
    idempotency.prune();
    this.api = new Api({
      model,
      routes: ROUTES,
      calls: this.calls,
      faults: this.faults,
      idempotency,
      secretKey: settings.secretKey,
      catchUp: () => this.catchUp(),
      onBug: (error, { method, path }) => log.error({ err: error, method, path }, 'the Stripe sandbox failed on a request'),
    });
    this.#deliverer = new WebhookDeliverer({
      model,
      runtime,
      send: settings.send,
      retryScheduleMs: settings.retryScheduleMs,
      timeoutMs: settings.webhookTimeoutMs,
      log: (message) => log.info({}, message),
    });
    try {
      this.#configureEndpoints(settings.webhookEndpoints);
      this.#remember();
    } catch (error) {
      state.close();
      throw error;
    }
  }

  /** Starts to send webhooks and to let sessions expire by itself. */
  start(baseUrl: string): void {
    this.model.baseUrl = baseUrl;
    if (this.settings.automatic) this.#loop = this.#run();
  }

  /** Expiries and settlements up to now, so that no answer is behind the clock; due webhooks are left to the loop. */
  catchUp(): void {
    this.#doDue();
    if (this.#dueWebhooks.length > 0) this.#waking.abort();
  }

  /** Does what is due now, first tries and retries; resolves with the number of tries when all are answered. */
  async deliverDue(): Promise<number> {
    let tries = 0;
    for (;;) {
      const started = this.#startDue();
      tries += started;
      await this.#deliverer.settled();
      // An answered one may let the next of its payment go.
      if (started === 0) return tries;
    }
  }

  /** Moves the sandbox's clock on; on the way, everything that falls due happens at its time. */
  async advance(ms: number): Promise<void> {
    if (!(Number.isFinite(ms) && ms >= 0)) throw new Error(`advance needs a number of milliseconds from 0 on, not ${ms}.`);
    const { clock, agenda } = this.model;
    const target = clock.nowMs() + ms;
    await this.deliverDue();
    for (let next = agenda.nextDueMs(); next !== undefined && next <= target; next = agenda.nextDueMs()) {
      this.#advanceTo(next);
      await this.deliverDue();
    }
    this.#advanceTo(target);
    await this.deliverDue();
  }

  putEndpoint({ url, secret, enabledEvents, apiVersion }: WebhookEndpointOptions, id?: string): string {
    const secrets = typeof secret === 'string' ? [secret] : secret;
    if (secrets.length === 0) throw new Error(`The webhook endpoint ${url} needs a secret (whsec_…).`);
    const fields = {
      url,
      secrets,
      enabledEvents: enabledEvents ?? ['*'],
      apiVersion: apiVersion ?? null,
      ...(id === undefined ? {} : { id }),
    };
    return this.model.state.transaction(() => putEndpoint(this.model, fields)).id;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waking.abort();
    await this.#deliverer.close();
    await this.#loop;
    this.model.state.close();
  }

  async #run(): Promise<void> {
    const { runtime, log } = this.settings;
    while (!this.#closed) {
      this.#waking = new AbortController();
      let wait = AFTER_ERROR_MS;
      try {
        this.#startDue();
        const next = this.model.agenda.nextDueMs();
        wait = next === undefined ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, Math.max(0, next - this.model.clock.nowMs()));
      } catch (error) {
        log.error({ err: error }, 'the Stripe sandbox could not do what is due; it tries again');
      }
      if (!this.#closed) await runtime.sleep(wait, this.#waking.signal);
    }
  }

  #startDue(): number {
    this.#doDue();
    const due = this.#dueWebhooks;
    this.#dueWebhooks = [];
    for (const id of due) this.#deliverer.start(id);
    return due.length;
  }

  #doDue(): void {
    const { agenda, clock } = this.model;
    const now = clock.nowMs();
    for (let reminder = agenda.takeDue(now); reminder; reminder = agenda.takeDue(now)) {
      try {
        this.#follow(reminder, now);
      } catch (error) {
        // The state file could not be written: nothing was changed, so it is still to be done.
        agenda.add(now + AFTER_ERROR_MS, reminder);
        throw error;
      }
    }
  }

  #follow({ kind, id }: Reminder, now: number): void {
    const { model } = this;
    if (kind === 'webhook_due') this.#dueWebhooks.push(id);
    else if (kind === 'session_expires') model.state.transaction(() => expireByTime(model, id));
    else if ((model.state.settlements.get(id)?.dueMs ?? Number.POSITIVE_INFINITY) <= now) model.state.transaction(() => settle(model, id));
  }

  #advanceTo(ms: number): void {
    const { clock, state } = this.model;
    clock.advanceTo(ms);
    state.transaction(() => state.settings.put({ id: CLOCK_OFFSET, value: clock.offsetMs }));
  }

  /** Those of the options are known by their place; the ones that are there no more are removed. */
  #configureEndpoints(endpoints: readonly WebhookEndpointOptions[]): void {
    const { state } = this.model;
    const ids = new Set(endpoints.map((endpoint, place) => this.putEndpoint(endpoint, `${CONFIGURED}${place}`)));
    const gone = [...state.endpoints.oldestFirst()].filter(({ id }) => id.startsWith(CONFIGURED) && !ids.has(id));
    state.transaction(() => {
      for (const { id } of gone) state.endpoints.remove(id);
    });
  }

  /** After a restart: what was going to happen still will. */
  #remember(): void {
    const { state, agenda } = this.model;
    for (const { id, session } of state.sessions.oldestFirst()) {
      if (session.status === 'open') agenda.add(session.expires_at * 1_000, { kind: 'session_expires', id });
    }
    for (const { id, dueMs } of state.settlements.oldestFirst()) agenda.add(dueMs, { kind: 'payment_settles', id });
    for (const { id, dueMs, status } of state.deliveries.oldestFirst()) {
      if (status === 'pending') agenda.add(dueMs, { kind: 'webhook_due', id });
    }
  }
}
