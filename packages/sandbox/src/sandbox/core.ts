// The sandbox without sockets: its accounts, its API, its clock and its webhooks, wired together.
import { defined } from '../defined.ts';
import { Accounts } from './accounts.ts';
import { Agenda } from './agenda.ts';
import { Api } from './api/api.ts';
import { CallCounter } from './api/call-counter.ts';
import { Faults } from './api/faults.ts';
import { Idempotency } from './api/idempotency.ts';
import { RateLimit } from './api/rate-limit.ts';
import { SandboxClock } from './clock.ts';
import { AFTER_ERROR_MS, DueWork } from './due-work.ts';
import { idSource } from './ids.ts';
import type { Conduct, Model } from './model.ts';
import { addIntervals, DAY_SECONDS } from './objects/billing/calendar.ts';
import type { Settings, WebhookEndpointOptions } from './options.ts';
import { ROUTES } from './routes.ts';
import { Journal } from './state/journal.ts';
import { StateFile } from './state/state-file.ts';
import { WebhookDeliverer } from './webhooks/deliverer.ts';
import { putEndpoint } from './webhooks/endpoint.ts';
import { reportMissed } from './webhooks/missed-events.ts';

const CONFIGURED = 'we_configured';
const CLOCK_OFFSET = 'clock_offset_ms';
/** A timer holds at most 24 days, and a clock may be set: the loop checks again after an hour at the latest. */
const LONGEST_SLEEP_MS = 3_600_000;

function conductOf({ apiVersion, zeroAmountStatus, releasedPart, settleAfterMs, dunning, prorationParent }: Settings): Conduct {
  return { apiVersion, zeroAmountStatus, releasedPart, settleAfterMs, dunning, prorationParent };
}

/** How far the clock is moved on; all of it together. */
export interface Advance {
  readonly ms?: number | undefined;
  readonly days?: number | undefined;
  /** Months of the calendar: the 31st becomes the last day of a shorter month. */
  readonly months?: number | undefined;
}

/** @throws Error for a negative number. */
function lengthOf(by: number | Advance, nowMs: number): number {
  const { ms = 0, days = 0, months = 0 } = typeof by === 'number' ? { ms: by } : by;
  const wrong = [ms, days, months].find((each) => !(Number.isFinite(each) && each >= 0));
  if (wrong !== undefined) throw new Error(`advance needs a number of milliseconds from 0 on, not ${wrong}.`);
  const seconds = Math.floor(nowMs / 1_000);
  const ofMonths = addIntervals(seconds, { interval: 'month', interval_count: 1 }, Math.floor(months)) - seconds;
  return ms + days * DAY_SECONDS * 1_000 + ofMonths * 1_000;
}

export class SandboxCore {
  readonly settings: Settings;
  readonly accounts: Accounts;
  /** The sandbox's own account. */
  readonly model: Model;
  readonly api: Api;
  readonly calls: CallCounter = new CallCounter();
  readonly faults: Faults = new Faults();
  readonly #journal: Journal;
  readonly #agenda: Agenda;
  readonly #due: DueWork;
  readonly #deliverer: WebhookDeliverer;
  #waking = new AbortController();
  #closed = false;
  #loop: Promise<void> = Promise.resolve();

  /** @throws Error if the state file cannot be used, or a webhook endpoint is invalid. */
  constructor(settings: Settings) {
    this.settings = settings;
    const { runtime, log } = settings;
    this.#journal = new Journal(settings.stateFile === undefined ? undefined : new StateFile(settings.stateFile));
    this.#agenda = new Agenda(() => this.#waking.abort());
    const clock = new SandboxClock(runtime);
    this.accounts = new Accounts({
      journal: this.#journal,
      clock,
      newId: idSource(runtime),
      agenda: this.#agenda,
      conduct: conductOf(settings),
      platform: settings.account,
    });
    this.model = this.accounts.platform;
    clock.startAt(this.model.state.settings.get(CLOCK_OFFSET)?.value ?? 0);
    this.#due = new DueWork(this.accounts, this.#agenda, clock);
    this.api = this.#openApi();
    this.#deliverer = new WebhookDeliverer({
      runtime,
      signingTime: () => (settings.signedBy === 'sandbox' ? clock.nowMs() : runtime.now().getTime()),
      send: settings.send,
      retryScheduleMs: settings.retryScheduleMs,
      timeoutMs: settings.webhookTimeoutMs,
      log: (message) => log.info({}, message),
      witness: settings.witness,
    });
    try {
      this.#configure(settings);
      this.#due.remember();
    } catch (error) {
      this.#journal.close();
      throw error;
    }
  }

  /** Starts to send webhooks and to let sessions expire by itself. */
  start(baseUrl: string): void {
    this.accounts.baseUrl = baseUrl;
    if (this.settings.automatic) this.#loop = this.#run();
  }

  /** Does expiries and settlements up to now, so that no answer is behind the clock. Webhooks that are due are left to the loop. */
  catchUp(): void {
    this.#due.run();
    if (this.#due.hasWebhooks) this.#waking.abort();
  }

  /** Changes the account that has this object, at once and all or nothing: how a control acts. */
  change<T>(id: string, change: (model: Model) => T): T {
    this.catchUp();
    const model = this.accounts.holding(id);
    return model.state.transaction(() => change(model));
  }

  /** Does what is due now, first tries and retries. Resolves with the number of tries once all are answered. */
  async deliverDue(): Promise<number> {
    let tries = 0;
    for (;;) {
      const started = this.#startDue();
      tries += started;
      await this.#deliverer.settled();
      // An answered webhook may release the next one of its payment.
      if (started === 0) return tries;
    }
  }

  /**
   * Moves the sandbox's clock on, by milliseconds, or by days and months of the calendar. What falls due on the way happens at
   * its time.
   *
   * @throws Error for a negative number.
   */
  async advance(by: number | Advance): Promise<void> {
    const target = this.model.clock.nowMs() + lengthOf(by, this.model.clock.nowMs());
    await this.deliverDue();
    for (let next = this.#agenda.nextDueMs(); next !== undefined && next <= target; next = this.#agenda.nextDueMs()) {
      this.#advanceTo(next);
      await this.deliverDue();
    }
    this.#advanceTo(target);
    await this.deliverDue();
  }

  /** Adds an endpoint, or replaces the one with this id. Returns its id. @throws Error for a bad URL, or if there is no secret. */
  putEndpoint({ url, secret, enabledEvents, apiVersion, payload, connect }: WebhookEndpointOptions, id?: string): string {
    const secrets = typeof secret === 'string' ? [secret] : secret;
    if (secrets.length === 0) throw new Error(`The webhook endpoint ${url} needs a secret (whsec_…).`);
    const fields = {
      url,
      secrets,
      enabledEvents: enabledEvents ?? ['*'],
      apiVersion: apiVersion ?? null,
      payload: payload ?? 'snapshot',
      connect: connect ?? false,
      ...defined({ id }),
    };
    return this.#journal.transaction(() => putEndpoint(this.model, fields)).id;
  }

  /** Reports the events that were never made, in all accounts, to the endpoints. Returns how many. */
  reportMissedEvents(): number {
    return this.#journal.transaction(() => [...this.accounts.all()].reduce((count, model) => count + reportMissed(model), 0));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waking.abort();
    await this.#deliverer.close();
    await this.#loop;
    this.#journal.close();
  }

  #openApi(): Api {
    const { secretKey, callsPerSecond, log } = this.settings;
    const idempotency = new Idempotency();
    for (const model of this.accounts.all()) idempotency.prune(model);
    return new Api({
      accounts: this.accounts,
      routes: ROUTES,
      calls: this.calls,
      faults: this.faults,
      idempotency,
      secretKey,
      rateLimit: callsPerSecond === undefined ? undefined : new RateLimit(callsPerSecond, this.model.clock),
      catchUp: () => this.catchUp(),
      onBug: (error, { method, path }) => log.error({ err: error, method, path }, 'the Stripe sandbox failed on a request'),
    });
  }

  async #run(): Promise<void> {
    const { runtime, log } = this.settings;
    while (!this.#closed) {
      this.#waking = new AbortController();
      let wait = AFTER_ERROR_MS;
      try {
        this.#startDue();
        const next = this.#agenda.nextDueMs();
        wait = next === undefined ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, Math.max(0, next - this.model.clock.nowMs()));
      } catch (error) {
        log.error({ err: error }, 'the Stripe sandbox could not do what is due; it tries again');
      }
      if (!this.#closed) await runtime.sleep(wait, this.#waking.signal);
    }
  }

  #startDue(): number {
    this.#due.run();
    const due = this.#due.takeWebhooks();
    for (const { model, id } of due) this.#deliverer.start(model, id);
    return due.length;
  }

  #advanceTo(ms: number): void {
    const { clock, state } = this.model;
    clock.advanceTo(ms);
    state.transaction(() => state.settings.put({ id: CLOCK_OFFSET, value: clock.offsetMs }));
  }

  #configure({ connectedAccounts, webhookEndpoints }: Settings): void {
    this.#journal.transaction(() => {
      for (const id of connectedAccounts) this.accounts.connect(id);
    });
    // Endpoints of the options are known by their index; those no longer in the options are removed.
    const { endpoints } = this.model.state;
    const ids = new Set(webhookEndpoints.map((endpoint, place) => this.putEndpoint(endpoint, `${CONFIGURED}${place}`)));
    const gone = [...endpoints.oldestFirst()].filter(({ id }) => id.startsWith(CONFIGURED) && !ids.has(id));
    this.#journal.transaction(() => {
      for (const { id } of gone) endpoints.remove(id);
    });
  }
}
