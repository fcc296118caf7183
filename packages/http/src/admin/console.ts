// What all parts of the console share: its payments, its path, and who is asking.
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyRequest } from 'fastify';

/** What the console's routes share. */
export interface Console {
  readonly payments: StripePayments;
  /** Without a slash at the end. */
  readonly path: string;
  /** The operator's id. @throws LedgerError `invalid_input`: the request was not let in. */
  actorOf(request: FastifyRequest): string;
}
