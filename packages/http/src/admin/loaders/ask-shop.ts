// Asks the shop's hooks. A hook that is slow, fails or answers nonsense keeps nobody waiting, and no page from coming.
import { setTimeout as wait } from 'node:timers/promises';
import { isId } from '@paidonce/ledger/adapter';
import type { Console, MemberDescription } from '../../console-call.ts';

const answerWithinMs = 500;
const mostMembers = 20;

/** Undefined: the shop did not answer in time, or failed. */
async function asked<T>(console: Console, ask: (signal: AbortSignal) => Promise<T>): Promise<{ readonly answer: T } | undefined> {
  const stopping = new AbortController();
  const inTime = wait(answerWithinMs * console.payments.ledger.runtime.patience, undefined, { ref: false, signal: stopping.signal });
  try {
    return await Promise.race([
      // In a promise of its own: a hook that throws at once is one that failed.
      (async () => ({ answer: await ask(stopping.signal) }))(),
      inTime,
    ]);
  } catch {
    return undefined;
  } finally {
    stopping.abort();
    inTime.catch(() => undefined);
  }
}

/** At most 20 ids. `silent`: the shop did not answer. Absent: it has no such hook. */
export async function findMembers(console: Console, text: string): Promise<readonly string[] | 'silent' | undefined> {
  const { findMember } = console;
  if (findMember === undefined) return undefined;
  const found = await asked(console, (signal) => findMember(text, signal));
  if (found === undefined || !Array.isArray(found.answer)) return 'silent';
  return [...new Set(found.answer.filter(isId))].slice(0, mostMembers);
}

export async function describe(console: Console, memberId: string): Promise<MemberDescription | 'silent' | undefined> {
  const { describeMember } = console;
  if (describeMember === undefined) return undefined;
  const found = await asked(console, (signal) => describeMember(memberId, signal));
  if (found === undefined) return 'silent';
  const { text, url } = found.answer ?? {};
  return { ...(typeof text === 'string' ? { text } : {}), ...(typeof url === 'string' ? { url } : {}) };
}
