// A process of the shop: runs the real ledger with its own clocks, random numbers and store. It can crash between any two
// steps, freeze, or stop cleanly, and then starts again with empty memory.

import type { AlertKind } from '../../alerts.ts';
import type { DeliverAnswer } from '../../delivery/shop-ahead.ts';
import { LedgerError, type LedgerErrorCode } from '../../errors.ts';
import { createPaymentLedger } from '../../ledger.ts';
import type { MembershipChange, PaymentLedger } from '../../payment-ledger.ts';
import type { Runtime } from '../../runtime.ts';
import type { SubscriptionSettings } from '../../subscription-ledger.ts';
import { foreseen, foreseenOfOlder, transientErrors } from './foreseen.ts';
import type { Incarnation } from './incarnation.ts';
import { MonotonicClock } from './monotonic-clock.ts';
import type { ProcessOptions } from './options.ts';
import type { Party } from './scheduler.ts';
import { type HeadWaiters, openSimulatedStore } from './simulated-store.ts';
import type { World } from './world.ts';

interface Life extends Incarnation {
  readonly clock: MonotonicClock;
  readonly ledger: PaymentLedger;
  /** The adapter that was opened on the ledger of this life. Undefined: none. */
  readonly opened: AsyncDisposable | undefined;
  /** Called when the process ends: each caller then gets no answer. */
  readonly callers: Set<() => void>;
}

/** What a caller gets. `no answer`: the process ended before it answered. */
export type Answer<T> = { readonly value: T } | { readonly refused: LedgerErrorCode } | 'no answer';

/** What a process needs from its world. */
export interface SimulatedProcessOptions {
  readonly world: World;
  readonly options: ProcessOptions;
  readonly headWaiters: HeadWaiters;
  readonly onAppended: (by: Incarnation) => void;
  readonly deliver: (by: Incarnation, change: MembershipChange, signal: AbortSignal) => Promise<DeliverAnswer>;
  readonly onAbandoned: (orderId: string) => void;
  /** True for the alerts that an adapter's run causes. Default: none. */
  readonly foresees?: (kind: AlertKind) => boolean;
  /** Makes the ledger of each life keep subscriptions. Default: it keeps none. */
  readonly subscriptions?: (by: Incarnation) => SubscriptionSettings;
  /** Opens a payment adapter on the ledger of each life. It is disposed before the ledger; a crash just drops it. */
  readonly opens?: (ledger: PaymentLedger, by: Incarnation) => AsyncDisposable;
}

/** A process with several lives, one after the other. */
export class SimulatedProcess {
  readonly #parts: SimulatedProcessOptions;
  readonly #world: World;
  readonly name: string;
  readonly delivers: boolean;
  readonly background: boolean;
  /** The release of the next life. Written by `upgrade`. */
  #release: ProcessOptions['release'];
  /** How many milliseconds its wall clock is ahead. Written by `jumpClock`. */
  #wallSkewMs: number;
  /** How often it was started. Written by `start`. */
  #lives = 0;
  /** The present life. Undefined: it does not run. Written by `start` and `#leave`. */
  #life: Life | undefined;

  constructor(parts: SimulatedProcessOptions) {
    this.#parts = parts;
    this.#world = parts.world;
    const { name, delivers, background, release, wallSkewMs } = parts.options;
    this.name = name;
    this.delivers = delivers;
    this.background = background;
    this.#release = release;
    this.#wallSkewMs = wallSkewMs;
  }

  /** True while the process runs. */
  get runs(): boolean {
    return this.#life !== undefined;
  }

  /** Starts a new life, with empty memory. */
  start(): void {
    const { options, deliver, onAbandoned, subscriptions } = this.#parts;
    const { coverage, scheduler, options: seed, readModels } = this.#world;
    this.#lives += 1;
    if (this.#lives > 1 && options.readModels !== 'lost') coverage.met('read models kept over a restart');
    if (options.readModels === 'shared') coverage.met(`read models shared ${seed.sharedOn === 'disk' ? 'on disk' : 'in memory'}`);
    const party: Party = { name: `${this.name}.${this.#lives}`, paused: false };
    const clock = new MonotonicClock(scheduler, party, options.monotonicOriginMs + this.#lives * 1_000);
    const incarnation: Incarnation = { party, options, release: this.#release, underWay: new Set(), alerted: new Set(), dead: false };
    scheduler.note(`${party.name} starts`);
    const ledger = createPaymentLedger({
      eventStore: openSimulatedStore({ ...this.#parts, incarnation }),
      policy: options.policy,
      ...(options.delivers ? { deliver: (change, signal) => deliver(incarnation, change, signal) } : {}),
      ...(subscriptions ? { subscriptions: subscriptions(incarnation) } : {}),
      deliverTimeoutMs: seed.deliverTimeoutMs,
      readModels: readModels.pathOf(options),
      background: options.background,
      onAlert: ({ kind, orderId, message }) => {
        incarnation.alerted.add(kind);
        if (kind === 'delivery_abandoned' && orderId !== undefined) onAbandoned(orderId);
        else if (!foreseen.has(kind) && !this.#isOfOlder(incarnation, kind) && this.#parts.foresees?.(kind) !== true)
          this.#world.report('no alert without a cause', `${party.name}: ${kind}: ${message}`);
      },
      runtime: this.#runtime(incarnation, clock),
    });
    const opened = this.#parts.opens?.(ledger, incarnation);
    this.#life = Object.assign(incarnation, { clock, ledger, opened, callers: new Set<() => void>() });
  }

  #isOfOlder({ release }: Incarnation, kind: AlertKind): boolean {
    return release === 'older' && foreseenOfOlder.has(kind) && this.#world.newerEvents.streams(['']).length > 0;
  }

  #runtime(incarnation: Incarnation, clock: MonotonicClock): Runtime {
    const { scheduler, random } = this.#world;
    const { party } = incarnation;
    const chance = random.fork();
    return {
      now: () => this.#world.wallTime(this.#wallSkewMs),
      monotonicNowMs: () => clock.nowMs,
      random: () => chance.fraction(),
      uuid: () => chance.uuid(),
      patience: 1,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (incarnation.dead) return;
          if (signal?.aborted) return resolve();
          const timer = scheduler.timer(party, ms, `${party.name} wakes`, () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          });
          function abort(): void {
            scheduler.cancelTimer(timer);
            resolve();
          }
          signal?.addEventListener('abort', abort, { once: true });
        }),
    };
  }

  /** Calls this process. */
  call<T>(label: string, work: (ledger: PaymentLedger, by: Incarnation) => Promise<T>): Promise<Answer<T>> {
    const life = this.#life;
    if (!life) return Promise.resolve('no answer');
    const { scheduler } = this.#world;
    return new Promise((resolve) => {
      const answer = (what: Answer<T>): void => {
        if (life.callers.delete(leave)) resolve(what);
      };
      const leave = (): void => answer('no answer');
      life.callers.add(leave);
      scheduler.park(life.party, 'call', `${life.party.name} is asked: ${label}`, () => {
        work(life.ledger, life).then(
          (value) => answer({ value }),
          (error: unknown) => {
            if (error instanceof LedgerError && this.#isTransient(life, error.code)) return answer({ refused: error.code });
            this.#world.report(
              'no failure without a cause',
              `${life.party.name}: ${label}: ${error instanceof Error ? error.stack : String(error)}`,
            );
          },
        );
      });
    });
  }

  #isTransient({ release }: Life, code: LedgerErrorCode): boolean {
    const { coverage, newerEvents } = this.#world;
    if (code === 'contention') coverage.met('refused: contention');
    if (code !== 'file_newer') return transientErrors.has(code);
    coverage.met('refused: a newer release');
    return release === 'older' && newerEvents.streams(['']).length > 0;
  }

  /** Ends the process between two steps. Some of the calls that it had sent are still carried out. */
  crash(): void {
    const life = this.#life;
    if (!life) return;
    const { scheduler, coverage, random } = this.#world;
    coverage.met('crash');
    scheduler.note(`${life.party.name} crashes`);
    if ([...life.underWay].some(({ label }) => label.includes(' append '))) coverage.met('crash with an append under way');
    for (const step of life.underWay) if (random.chance(0.5)) scheduler.cancel(step);
    this.#leave(life);
  }

  /** Freezes the process. Its clocks run. */
  pause(): void {
    const life = this.#life;
    if (!life || life.party.paused) return;
    const { scheduler, coverage, random, network } = this.#world;
    coverage.met('pause');
    life.party.paused = true;
    scheduler.note(`${life.party.name} freezes`);
    scheduler.timer(network, random.between(100, 90_000), `${life.party.name} goes on`, () => {
      life.party.paused = false;
    });
  }

  /**
   * Its machine is suspended: its monotonic clock stops.
   * @param delays true: afterwards its timers wait for the rest of their time; false: all that are late fire at once.
   */
  suspend(ms: number, delays: boolean): void {
    const life = this.#life;
    if (!life || life.party.paused) return;
    const { scheduler, coverage, network } = this.#world;
    coverage.met(delays ? 'machine suspended, and its timers' : 'machine suspended, all timers late at once');
    life.clock.stop(delays);
    scheduler.note(`${life.party.name} is suspended`);
    scheduler.timer(network, ms, `${life.party.name} wakes up`, () => life.clock.goOn());
  }

  goOn(): void {
    if (!this.#life) return;
    this.#life.clock.goOn();
    this.#life.party.paused = false;
  }

  /** Somebody sets its wall clock, or a time server does. */
  jumpClock(): void {
    const { coverage, random, scheduler, options } = this.#world;
    coverage.met('wall clock jumped');
    this.#wallSkewMs = random.between(-options.wallJumpMs, options.wallJumpMs);
    scheduler.note(`the wall clock of ${this.name} is now ${this.#wallSkewMs} ms ahead`);
  }

  /** What runs at present. Undefined: nothing does. */
  get incarnation(): Incarnation | undefined {
    return this.#life;
  }

  /** From the next start on the process is of the newer release. */
  upgrade(): void {
    if (this.#release === 'older') this.#world.coverage.met('upgraded');
    this.#release = 'newer';
  }

  /** Stops the process cleanly. Work that is still open afterwards is a leak. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    this.#world.scheduler.note(`${life.party.name} stops`);
    const crashed = new Promise<void>((resolve) => life.callers.add(resolve));
    try {
      if (life.opened) await Promise.race([life.opened[Symbol.asyncDispose](), crashed]);
      await Promise.race([life.ledger[Symbol.asyncDispose](), crashed]);
    } catch (error) {
      this.#world.report('disposing ends', `${life.party.name}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    if (life.dead) return;
    this.#leave(life);
    this.#world.coverage.met('stopped in order');
  }

  #leave(life: Life): void {
    life.dead = true;
    this.#life = undefined;
    this.#world.scheduler.removeAllOf(life.party);
    for (const leave of [...life.callers]) leave();
  }
}
