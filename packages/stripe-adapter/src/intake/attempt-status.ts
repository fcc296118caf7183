// What the ledger knows of one Checkout session: how far the attempt to pay on it came. An order may have several sessions,
// and its own state shows the best of them.
import type { Fact, StoredEvent } from '@paidonce/ledger';
import * as z from 'zod';

export type AttemptStatus = Extract<Fact, { kind: 'attempt' }>['status'];

/**
 * Terminal statuses. A later one in this list wins over all before it, whatever the clocks say; among other statuses
 * Stripe's newest report wins.
 */
const lasting: readonly string[] = ['canceled', 'expired', 'failed', 'paid'];

interface Observed {
  readonly payment: { readonly id: string };
  readonly aliases?: readonly string[] | undefined;
  readonly fact: { readonly kind: string; readonly status: string };
  readonly asOf: string;
}
const observedSchema: z.ZodType<Observed> = z.object({
  payment: z.object({ id: z.string() }),
  aliases: z.array(z.string()).optional(),
  fact: z.object({ kind: z.string(), status: z.string() }),
  asOf: z.string(),
});

/** The status of the attempt on this session, by the order's history. Undefined: nothing was reported of it yet. */
export function attemptStatusOf(history: readonly StoredEvent[], sessionId: string): AttemptStatus | undefined {
  const observed = history.flatMap(({ type, data }) => (type === 'PaymentObserved' ? [observedSchema.parse(data)] : []));
  // This session's payment intents count too: later facts name the intent alone.
  const payments = new Set([sessionId]);
  for (const { payment, aliases } of observed) if (aliases?.includes(sessionId)) payments.add(payment.id);
  const attempts = observed.filter(({ payment, fact }) => fact.kind === 'attempt' && payments.has(payment.id));
  let newest: Observed | undefined;
  for (const attempt of attempts) if (newest === undefined || isLater(attempt, newest)) newest = attempt;
  return newest?.fact.status as AttemptStatus | undefined;
}

function isLater(a: Observed, b: Observed): boolean {
  const [rankA, rankB] = [lasting.indexOf(a.fact.status), lasting.indexOf(b.fact.status)];
  return rankA === rankB ? a.asOf > b.asOf : rankA > rankB;
}

/** True if Stripe has nothing more to report of an attempt on this session. */
export function isFinal(status: AttemptStatus | undefined): boolean {
  return status !== undefined && lasting.includes(status);
}
