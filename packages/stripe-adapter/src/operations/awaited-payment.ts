// Whether an object of Stripe can still be paid, so that an order which waits for it is placed and attached again.

import type { PaymentReference } from '@paidonce/ledger';
import { defined, isFinalAttempt } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { isoTime } from '../mapping/received.ts';
import type { Mapped } from '../mapping/to-observation.ts';
import { secondsSchema } from '../stripe/stripe-objects.ts';

export interface AwaitedPayment {
  readonly payment: PaymentReference;
  /** Absent: it does not expire. */
  readonly expiresAt?: string;
}

interface Payable {
  readonly id: string;
  readonly livemode: boolean;
  readonly status: string;
  readonly expires_at?: number | undefined;
}

const payableSchema: z.ZodType<Payable> = z.object({
  id: z.string(),
  livemode: z.boolean(),
  status: z.string(),
  expires_at: secondsSchema.optional(),
});
/** As for a checkout that was started here: the poll may be down that long after the session ends. */
const pollGraceSeconds = 24 * 3_600;

/** @param object a session or a payment intent. Undefined: nothing more comes of it. */
export function awaitedPayment(object: unknown, mapped: Mapped, account: string): AwaitedPayment | undefined {
  const parsed = payableSchema.safeParse(object);
  if (!parsed.success || mapped.kind === 'not_understood') return undefined;
  if (mapped.kind === 'statement' && (mapped.statement.fact.kind !== 'attempt' || isFinalAttempt(mapped.statement.fact.status)))
    return undefined;
  const { id, livemode, status, expires_at: expiresAt } = parsed.data;
  if (mapped.kind === 'ignored' && (status === 'expired' || status === 'complete')) return undefined;
  const until = expiresAt === undefined ? undefined : isoTime(expiresAt + pollGraceSeconds);
  return { payment: { provider: 'stripe', account, livemode, id }, ...defined({ expiresAt: until }) };
}

/** How Stripe has a payment that is not paid. */
export function unpaidText(mapped: Mapped): string {
  if (mapped.kind === 'ignored') return mapped.because;
  if (mapped.kind !== 'statement' || mapped.statement.fact.kind !== 'attempt') return 'it is not paid';
  return `the payment is ${mapped.statement.fact.status.replaceAll('_', ' ')}`;
}
