// Delivers decisions as ledgers do, each twice at once, until each was answered. It may kill its process in the middle.
import { setImmediate } from 'node:timers/promises';
import type { Shop } from './shop.ts';

export interface Task {
  readonly memberships: readonly string[];
  /** How many decisions each membership has. */
  readonly decisions: number;
  readonly seed: number;
  /** The process ends itself with SIGKILL when it has passed so many points, and this many turns after the last of them. */
  readonly kill?: { readonly afterPoints: number; readonly turns: number };
}
export interface Told {
  readonly calls: number;
  /** Calls that rejected, for whatever reason: the failures below, a deadlock, a serialisation failure. */
  readonly rejected: number;
  /** Other reasons than the failures below. */
  readonly others: readonly string[];
}

/** How many of the handlers fail after their writes, and how many see their signal abort. */
const failing = 0.03;

class Failure extends Error {}

export async function tell(shop: Shop, { memberships, decisions, seed, kill }: Task): Promise<Told> {
  const random = randomFrom(seed);
  let points = 0;
  let killed: Promise<void> | undefined;
  let [calls, rejected] = [0, 0];
  const others: string[] = [];
  const pass = (): void => {
    points += 1;
    if (kill !== undefined && points === kill.afterPoints) killed = killIn(kill.turns);
  };
  const call = async (membershipId: string, sequence: number): Promise<void> => {
    const [fails, aborts] = [random() < failing, random() < failing];
    const abort = new AbortController();
    calls += 1;
    pass();
    const delivered = await shop.deliver({
      change: { membershipId, sequence },
      signal: abort.signal,
      at: (point) => {
        pass();
        if (point !== 'written') return;
        if (fails) throw new Failure('The handler fails');
        if (aborts) abort.abort(new Failure('The signal aborts'));
      },
    });
    pass();
    if (delivered.storedSequence < sequence) throw new Error(`It answered ${delivered.storedSequence} to ${sequence}`);
  };
  const untilAnswered = async (membershipId: string, sequence: number): Promise<void> => {
    for (;;) {
      try {
        return await call(membershipId, sequence);
      } catch (error) {
        rejected += 1;
        if (!(error instanceof Failure)) others.push(reasonOf(error));
        if (rejected > 10_000) throw error;
      }
    }
  };
  await Promise.all(
    memberships.map(async (membershipId) => {
      for (let sequence = 1; sequence <= decisions; sequence += 1) {
        await Promise.all([untilAnswered(membershipId, sequence), untilAnswered(membershipId, sequence)]);
      }
    }),
  );
  await killed; // It does not end: the last point may lie some turns before the kill.
  return { calls, rejected, others };
}

/** The database's own code, where an ORM hides it below its own error. */
function reasonOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  return code === undefined && cause !== undefined ? reasonOf(cause) : String(code ?? error);
}

/** In no turn, and in the first ones after it, COMMIT may be on its way. */
async function killIn(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await setImmediate();
  process.kill(process.pid, 'SIGKILL');
}

/** mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
