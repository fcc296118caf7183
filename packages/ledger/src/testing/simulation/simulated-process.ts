// A process of the shop: runs the real ledger with its own clocks, random numbers and store. It can crash between any two
// steps, freeze, or stop cleanly, and then starts again with empty memory.

import { DatabaseSync } from 'node:sqlite';
import type { AlertKind } from '../../alerts.ts';
import { LedgerError, type LedgerErrorCode } from '../../errors.ts';
import { createPaymentLedger } from '../../ledger.ts';
import type { DeliverAnswer, MembershipChange, PaymentLedger } from '../../payment-ledger.ts';
import type { Runtime } from '../../runtime.ts';
import type { Incarnation } from './incarnation.ts';
import type { ProcessOptions } from './options.ts';
import type { Party } from './scheduler.ts';
import { type HeadWaiters, openSimulatedStore } from './simulated-store.ts';
import type { World } from './world.ts';

interface Life extends Incarnation {
  readonly ledger: PaymentLedger;
  /** The adapter that was opened on the ledger of this life. Undefined: none. */
  readonly opened: AsyncDisposable | undefined;
  /** Called when the process ends: each caller then gets no answer. */
  readonly callers: Set<() => void>;
}

/** What a caller gets. `no answer`: the process ended before it answered. */
export type Answer<T> = { readonly value: T } | { readonly refused: LedgerErrorCode } | 'no answer';

/** The errors after which a caller tries again. Any other error is a fault of the ledger. */
const transientErrors: ReadonlySet<LedgerErrorCode> = new Set([
  'store_unavailable',
  'store_busy',
  'store_full',
  'log_went_back',
  'contention',
  'closed',
  'order_unknown',
  'provider_unavailable',
  'already_paid',
  'payment_under_way',
]);

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
  /** Opens a payment adapter on the ledger of each life. It is disposed before the ledger; a crash just drops it. */
  readonly opens?: (ledger: PaymentLedger, by: Incarnation) => AsyncDisposable;
}

/** The alerts that these runs cause. The other alerts mean that the log cannot be read, or is a different one. */
const foreseen: ReadonlySet<AlertKind> = new Set([
  'delivery_failing',
  'log_behind_shop',
  'log_went_back',
  'review_opened',
  'same_plan_twice',
  'webhook_missed',
  'poll_failing',
  'reads_throttled',
  'signatures_refused',
]);

let namesTaken = 0;

function newMemoryPath(): string {
  return `file:/paidonce-simulation-${++namesTaken}?vfs=memdb`;
}

/** A process with several lives, one after the other. */
export class SimulatedProcess {
  readonly #parts: SimulatedProcessOptions;
  readonly #world: World;
  readonly name: string;
  readonly delivers: boolean;
  readonly background: boolean;
  /** Written by `removeReadModels`. */
  #readModels: string;
  /** A connection that keeps the read models in memory between two lives. Undefined: a crash loses them. Written by `removeReadModels`. */
  #readModelsKept: DatabaseSync | undefined;
  /** How often it was started. Written by `start`. */
  #lives = 0;
  /** The present life. Undefined: it does not run. Written by `start` and `#leave`. */
  #life: Life | undefined;

  constructor(parts: SimulatedProcessOptions) {
    this.#parts = parts;
    this.#world = parts.world;
    const { name, delivers, background, keepsReadModels } = parts.options;
    this.name = name;
    this.delivers = delivers;
    this.background = background;
    this.#readModels = keepsReadModels ? newMemoryPath() : ':memory:';
    this.#readModelsKept = keepsReadModels ? new DatabaseSync(this.#readModels) : undefined;
  }

  /** True while the process runs. */
  get runs(): boolean {
    return this.#life !== undefined;
  }

  /** Starts a new life, with empty memory. */
  start(): void {
    const { options, deliver, onAbandoned } = this.#parts;
    const { coverage, scheduler, options: seed } = this.#world;
    this.#lives += 1;
    if (this.#lives > 1 && options.keepsReadModels) coverage.met('read models kept over a restart');
    const party: Party = { name: `${this.name}.${this.#lives}`, paused: false };
    const incarnation: Incarnation = { party, options, underWay: new Set(), dead: false };
    scheduler.note(`${party.name} starts`);
    const ledger = createPaymentLedger({
      eventStore: openSimulatedStore({ ...this.#parts, incarnation }),
      policy: seed.policy,
      ...(options.delivers ? { deliver: (change, signal) => deliver(incarnation, change, signal) } : {}),
      deliverTimeoutMs: seed.deliverTimeoutMs,
      readModels: this.#readModels,
      background: options.background,
      onAlert: ({ kind, orderId, message }) => {
        if (kind === 'delivery_abandoned' && orderId !== undefined) onAbandoned(orderId);
        else if (!foreseen.has(kind) && this.#parts.foresees?.(kind) !== true)
          this.#world.report('no alert without a cause', `${party.name}: ${kind}: ${message}`);
      },
      runtime: this.#runtime(incarnation),
    });
    this.#life = Object.assign(incarnation, { ledger, opened: this.#parts.opens?.(ledger, incarnation), callers: new Set<() => void>() });
  }

  #runtime(incarnation: Incarnation): Runtime {
    const { scheduler, random } = this.#world;
    const { party, options } = incarnation;
    const chance = random.fork();
    const originMs = options.monotonicOriginMs + this.#lives * 1_000;
    return {
      now: () => this.#world.wallTime(options.wallSkewMs),
      monotonicNowMs: () => originMs + scheduler.nowMs,
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
            if (error instanceof LedgerError && transientErrors.has(error.code)) return answer({ refused: error.code });
            this.#world.report(
              'no failure without a cause',
              `${life.party.name}: ${label}: ${error instanceof Error ? error.stack : String(error)}`,
            );
          },
        );
      });
    });
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

  goOn(): void {
    if (this.#life) this.#life.party.paused = false;
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

  /** Removes the read models of a log that went back. The ledger does so itself, but a database in memory has no file to remove. */
  removeReadModels(): void {
    if (!this.#readModelsKept) return;
    this.#readModelsKept.close();
    this.#readModels = newMemoryPath();
    this.#readModelsKept = new DatabaseSync(this.#readModels);
  }

  /** Closes the connection that keeps the read models. */
  close(): void {
    this.#readModelsKept?.close();
  }
}
