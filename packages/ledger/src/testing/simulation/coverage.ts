// Counts what the simulation met. A fault or a state that no seed reached proves nothing.
import { CountedPlaces } from './counted-places.ts';

/** All that must be met; the test holds the simulation to it. */
export const places = [
  // What went wrong.
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
  // What sources and people said.
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
  // What the ledger answered.
  'answer: granted',
  'answer: suspended',
  'answer: restored',
  'answer: revoked',
  'answer: review',
  'answer: recorded',
  'answer: duplicate',
  'answer: held',
  // What stood in the log.
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
  'moved',
  'attempt failed before it was paid',
  'refund succeeded',
  'refund failed late',
  'dispute lost',
  'dispute won',
  'debit returned',
  // How decisions came to the shop.
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
