// One event on its way to one endpoint.
import type { Row } from '../state/collection.ts';

export interface WebhookDelivery extends Row {
  readonly event: string;
  readonly endpoint: string;
  /** Events that are reordered together: those of one payment. */
  readonly group: string;
  /**
   * - `held`: waits for its payment to end, or, when that `released` it, for the newer one before it.
   * - `pending`: will be tried at `dueMs`.
   * - `lost`: by its fate; never tried.
   * - `gave_up`: refused as often as the schedule has tries.
   */
  readonly status: 'held' | 'pending' | 'delivered' | 'lost' | 'gave_up';
  readonly dueMs: number;
  readonly released: boolean;
  /** Goes out once this one has had its first try. */
  readonly next: string | null;
  readonly attempts: number;
  /** What the last try met: a status, or the error. */
  readonly lastResult: string | null;
}
