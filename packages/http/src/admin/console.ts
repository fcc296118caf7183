// What every part of the console shares: its ledger, its payments, its name and paths.
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyRequest } from 'fastify';

/** What the console's routes share. */
export interface Console {
  readonly payments: StripePayments;
  readonly path: string;
  actorOf(request: FastifyRequest): string;
}
