// The places that the simulation must reach. A fault or a state that no seed has reached is not tested.
import { CountedPlaces } from './counted-places.ts';

/** All places. The test fails if a place is not reached. */
export const places = [
  // Faults.
  'call refused',
  'reply lost',
  'append done late',
  'append lost a race',
  'crash',
  'crash with an append under way',
  'pause',
  'stopped in order',
  'read models kept over a restart',
  'webhook never made',
  'webhook doubled',
  'webhook retried',
  'source found no process',
  'sweep taken by another',
  'sweep died half-way',
  // Calls of sources and people.
  'webhook',
  'poll',
  'status query',
  'manual',
  'order placed late',
  'order placed again',
  'attach before the order is placed',
  'attach to another order',
  'checkout belongs to another order',
  'review: grant',
  'review: revoke',
  'review: dismiss',
  'review: stale',
  'redelivered by a person',
  'strong read',
  'move: moved',
  'move: exists',
  'move: already granted',
  'move: left before',
  'move: unknown payment',
  // Answers of the ledger.
  'answer: granted',
  'answer: suspended',
  'answer: restored',
  'answer: revoked',
  'answer: review',
  'answer: recorded',
  'answer: duplicate',
  'answer: held',
  // Situations in the log.
  'linked with held payments',
  'observed before its order was placed',
  'claimed by two',
  'amount',
  'currency',
  'mode',
  'account',
  'overpaid',
  'conflicting evidence',
  'paid again',
  'refunds exceed',
  'moved',
  'attempt failed before it was paid',
  'refund succeeded',
  'refund failed late',
  'dispute lost',
  'dispute won',
  'debit returned',
  // Deliveries to the shop.
  'shop: took it',
  'shop: failed',
  'shop: failed after effect',
  'shop: hung until aborted',
  'shop: wrote late',
  'shop: older write passed over',
  'attempt aborted',
  'delivery failed: error',
  'delivery failed: timeout',
  'taken over from a process',
  'taken over from nobody',
  'taken over by a person',
  'renewed by its owner',
  'abandoned',
  'alert: abandoned',
] as const;
export type Place = (typeof places)[number];

export class Coverage extends CountedPlaces<Place> {
  constructor() {
    super(places);
  }
}
