// Counts what the simulation met. A fault or a state that no seed reached proves nothing.
import { CountedPlaces } from '@paidonce/ledger/simulation';

/** All places that must be met; the test fails if one is not. */
export const places = [
  // What went wrong at Stripe and on the network.
  'call: 429 with Retry-After',
  'call: 500',
  'call: slow',
  'call: timed out',
  'call: request lost',
  'call: answer lost',
  'a part of the API was down',
  'webhook lost on the way',
  'webhook whose answer was lost',
  'webhook found no process',
  'webhook refused with 503',
  'webhook refused: bad signature',
  'webhook at a thin endpoint',
  'webhook of an old version',
  'Stripe says that it missed events',
  'sweep failed',
  'sweep whose process died',
  // What was answered.
  'webhook: recorded',
  'webhook: duplicate',
  'webhook: held',
  'webhook: not_ours',
  'webhook: ignored',
  'sweep: rescued',
  'sweep: nothing to do',
  'status: active',
  'status: pending',
  'status: stale',
  'checkout: already paid',
  'checkout: a payment is under way',
  'checkout: the same session again',
  // What happened at Stripe.
  'paid by card',
  'paid for nothing',
  'declined first',
  '3-D Secure',
  'authorized, then captured in part',
  'authorized, then captured',
  'debit succeeded',
  'debit failed',
  'debit returned',
  'voucher paid',
  'discount',
  'tax and shipping',
  'recovered session',
  'second checkout paid too',
  'order of a connected account',
  'Payment Link with a typed reference',
  'Payment Link without metadata',
  'payment intent without a session',
  'payment intent that names no order',
  'payment of another app',
  'payment of another ledger',
  'alert: another ledger',
  'refund of another ledger',
  'refund in full',
  'refund in part',
  'refund that failed late',
  'refund that was pending',
  'dispute opened',
  'dispute won',
  'dispute lost',
  'inquiry',
] as const;
export type Place = (typeof places)[number];

export class Coverage extends CountedPlaces<Place> {
  constructor() {
    super(places);
  }
}
