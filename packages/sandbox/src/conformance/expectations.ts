// How the kit decides: it waits for what must come, lets the app settle, and checks again, since a second welcome mail may
// follow the first.
import { systemRuntime } from '../runtime.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { Purchase, Stage } from './stage.ts';

/** The state that a scenario expects. */
export interface Wanted {
  readonly access: boolean;
  /** How often the goods may have been handed over. */
  readonly times: readonly number[];
  readonly description: string;
}

export const grantedOnce: Wanted = { access: true, times: [1], description: 'the customer has access, handed over once' };
export const nothing: Wanted = { access: false, times: [0], description: 'no access, and nothing handed over' };
export const ended: Wanted = { access: false, times: [0, 1], description: 'no access any more, handed over once at most' };

/** How to wait for a state. */
export interface Waiting {
  /** Repeated while waiting, e.g. a page that keeps asking. */
  readonly meanwhile?: () => Promise<unknown>;
  /** Milliseconds until it counts as broken. Default: the setting `patienceMs`. */
  readonly patienceMs?: number;
}

const pollMs = 25;
/** Then twice as long each time, like a patient page. */
const firstActMs = 25;
const longestActMs = 500;

/** @throws BrokenPromise if the state does not come in time, or does not last. */
export async function expectState(stage: Stage, purchase: Purchase, wanted: Wanted, waiting: Waiting = {}): Promise<void> {
  const { meanwhile, patienceMs = stage.settings.patienceMs } = waiting;
  const most = Math.max(...wanted.times);
  const deadlineMs = systemRuntime.monotonicNowMs() + patienceMs;
  let waitMs = firstActMs;
  let nextActMs = systemRuntime.monotonicNowMs() + waitMs;
  let seen = await stage.shopState(purchase);
  // More than allowed never becomes less.
  while (!fits(seen, wanted) && seen.times <= most && systemRuntime.monotonicNowMs() < deadlineMs) {
    if (meanwhile && systemRuntime.monotonicNowMs() >= nextActMs) {
      await meanwhile();
      waitMs = Math.min(longestActMs, 2 * waitMs);
      nextActMs = systemRuntime.monotonicNowMs() + waitMs;
    }
    await systemRuntime.sleep(pollMs);
    seen = await stage.shopState(purchase);
  }
  if (fits(seen, wanted)) {
    await stage.settled();
    seen = await stage.shopState(purchase);
  }
  if (fits(seen, wanted)) return;
  throw new BrokenPromise(`order ${purchase.order.orderId}: ${wanted.description}`, describe(seen));
}

/** For a request that Stripe would never send. @throws BrokenPromise if the answer is no 4xx. */
export function expectRefused(status: number, what: string): void {
  if (status >= 400 && status < 500) return;
  throw new BrokenPromise(`${what} to be answered 400`, `the app answered ${status}`);
}

interface ShopState {
  readonly access: boolean;
  readonly times: number;
}

function fits({ access, times }: ShopState, wanted: Wanted): boolean {
  return access === wanted.access && wanted.times.includes(times);
}

function describe({ access, times }: ShopState): string {
  const often = times === 0 ? 'nothing handed over' : times === 1 ? 'handed over once' : `handed over ${times} times`;
  return `${access ? 'access' : 'no access'}, ${often}`;
}
