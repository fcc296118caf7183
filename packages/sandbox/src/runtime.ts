// Clocks, randomness, waiting and logging. The sandbox gets them from outside, so that simulations can replace them. They
// have the shape of the ledger's, which this package does not need.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** Clocks, randomness and waiting. The `Runtime` of `@paidonce/ledger` fits. */
export interface Runtime {
  /** Wall clock. */
  now(): Date;
  /** Milliseconds that never run backwards. */
  monotonicNowMs(): number;
  /** In [0, 1). */
  random(): number;
  uuid(): string;
  /** Resolves after `ms`; resolves at once (it never rejects) when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Where the sandbox logs. pino's loggers and `console`-like objects fit. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const systemRuntime: Runtime = {
  now: () => new Date(),
  monotonicNowMs: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
};

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
