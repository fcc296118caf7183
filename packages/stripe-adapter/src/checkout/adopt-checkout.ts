// Adopts a Checkout session that the shop made itself: the order is placed and the session attached, so that it is known
// before the customer is sent there. For a shop whose own code makes its checkouts, as while the ledger runs in shadow.
import { LedgerError, type PaymentLedger } from '@paidonce/ledger';
import { allowSchema, defined, idSchema, knownCurrencySchema, minorSchema, termsInWords } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import type { Intake } from '../intake/intake.ts';
import type { OurLedger } from '../intake/our-ledger.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { identityOf, nullable, secondsSchema, stripeAccountSchema } from '../stripe/stripe-objects.ts';
import type { Answer } from '../stripe/stripe-request.ts';
import type { OrderTerms } from './checkout-terms.ts';
import { openUntil } from './made.ts';
import { checkAmount } from './open-ends.ts';

/** The order, and the session that the shop made for it. */
export interface AdoptCheckout extends OrderTerms {
  /** `cs_…`. Its own metadata should be `metadataFor(orderId)`, on its payment intent too. */
  readonly sessionId: string;
  /** For platforms: the connected account (`acct_…`) that has the session. Default: the key's own account. */
  readonly connectedAccount?: string;
}

export interface AdoptParts {
  readonly ledger: PaymentLedger;
  readonly ourLedger: OurLedger;
  readonly accounts: Accounts;
  readonly intake: Intake;
}

const adoptSchema: z.ZodType<AdoptCheckout> = z.strictObject({
  orderId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  amountMinor: minorSchema,
  currency: knownCurrencySchema,
  allow: z.exactOptional(allowSchema),
  sessionId: z.string().regex(/^cs_[A-Za-z0-9_]{1,200}$/, 'must be the id of a Checkout session, cs_…'),
  connectedAccount: z.exactOptional(stripeAccountSchema),
});

interface AdoptedSession {
  readonly id: string;
  readonly status: string;
  readonly livemode: boolean;
  readonly amount_subtotal: number | null;
  readonly currency: string | null;
  readonly expires_at: number;
  readonly after_expiration: { readonly recovery: { readonly enabled: boolean } | null } | null;
}

const adoptedSchema: z.ZodType<AdoptedSession> = z.object({
  id: idSchema,
  mode: z.literal('payment'),
  status: z.enum(['open', 'complete', 'expired']),
  livemode: z.boolean(),
  amount_subtotal: nullable(minorSchema),
  currency: nullable(z.string()),
  expires_at: secondsSchema,
  after_expiration: nullable(z.object({ recovery: nullable(z.object({ enabled: z.boolean() })) })),
});

/**
 * Places the order and attaches its session; again, it is `exists`. What the session states already is taken in: it may be paid.
 *
 * @throws LedgerError `invalid_input`: bad input, no such session, one that is not of this order, or the order was placed on other
 *   terms. `amount_differs`. `provider_unavailable`. A code of the store.
 */
export async function adoptCheckout(input: AdoptCheckout, parts: AdoptParts): Promise<{ readonly outcome: 'adopted' | 'exists' }> {
  const { ledger, accounts, intake } = parts;
  const { sessionId, connectedAccount, ...order } = read(input);
  const account = connectedAccount ?? (await accounts.own());
  const calls = await accounts.calls(account);
  const answer = await calls.session(sessionId);
  if (answer === undefined) throw refused(order.orderId, `Stripe has no session ${sessionId} in the account and mode of our key`);
  const session = sessionIn(answer, order.orderId);
  await refuseOthers(answer, order.orderId, parts);
  checkAmount(session, await calls.lineItems(sessionId), order); // Before anything is placed.
  const placed = await ledger.placeOrder({ ...order, account, livemode: session.livemode });
  if (placed.outcome === 'differs') throw refused(order.orderId, `it was placed on other terms: ${termsInWords(placed.terms)}`);
  const payment = { provider: 'stripe', account, livemode: session.livemode, id: sessionId } as const;
  // A crash before this leaves an order without a checkout: the same call again attaches it.
  const attached = await ledger.attachCheckout(order.orderId, payment, openUntil(session));
  if (attached.outcome === 'belongs_to') throw refused(order.orderId, `session ${sessionId} belongs to order ${attached.orderId}`);
  const { object, asOf, apiVersion } = answer;
  if (session.status !== 'open') await intake.take(object, { account, asOf, ...defined({ apiVersion }), source: 'status_query' });
  return { outcome: attached.outcome === 'attached' ? 'adopted' : 'exists' };
}

function read(input: AdoptCheckout): AdoptCheckout {
  const parsed = adoptSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${['order', ...path].join('.')}: ${message}`);
  throw new LedgerError('invalid_input', problems.join('; '));
}

function sessionIn({ object }: Answer, orderId: string): AdoptedSession {
  const parsed = adoptedSchema.safeParse(object);
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw refused(orderId, `its session is not one that takes a one-time payment: ${found}`);
}

/** The metadata of a session may name the order itself, or nothing: another order, or another ledger, made it. */
async function refuseOthers({ object }: Answer, orderId: string, { ourLedger }: AdoptParts): Promise<void> {
  const identity = identityOf(object);
  const { orderId: named, ledgerId, hasOurScope } = await ourLedger.claimOf(identity);
  if (named !== undefined && named !== orderId) throw refused(orderId, `the metadata of session ${identity.id} names order ${named}`);
  if (!hasOurScope && ledgerId !== undefined) throw refused(orderId, `another ledger made session ${identity.id}`);
}

function refused(orderId: string, why: string): LedgerError {
  return new LedgerError('invalid_input', `The checkout of order ${orderId} is not adopted: ${why}`);
}
