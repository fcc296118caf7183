// The rows of a timeline, as plain data: events that belong together in one row. `rows.ts` makes them, `row-words.ts` says them.
import type { ManualAction } from '../../observation.ts';
import type { OrderPlaced, Resolution } from '../../order/events.ts';
import type { TimelineEntry } from './timeline.ts';

/** The timeline entry of one kind. */
export type EntryOf<Kind extends TimelineEntry['kind']> = Extract<TimelineEntry, { kind: Kind }>;
/** What a source said: recorded in the order, or held while no order was known for it. */
export type ReportEntry = EntryOf<'reported' | 'held'>;
/** What may be done by a person. */
export type PersonEntry = EntryOf<'resolved' | 'withdrawn' | 'moved' | 'taken_over' | 'attached' | 'rechecked'> | ReportEntry;

/** Several events of an order that belong together. Times in ISO 8601 UTC. */
export type Row = RowBase & (PlacedRow | AttachedRow | DecidedRow | ReviewRow | ObservedRow | PersonRow | DeliveryRow | NoteRow);

interface RowBase {
  /** When its first event was recorded. Rows are in the order of their first events. */
  readonly at: string;
  /** All events of the row, oldest first. Each event of the order is in exactly one row. */
  readonly entries: readonly TimelineEntry[];
  /** Milliseconds without any event before this row. Absent: not more than 24 hours. */
  readonly gapMs?: number;
  /** Absent: the order is not placed, or that is not among the entries. */
  readonly order?: OrderPlaced;
}

/** The order was placed; checkouts and links within 60 s are in the same row. */
export interface PlacedRow {
  readonly kind: 'placed';
  readonly placed: EntryOf<'placed'>;
  readonly checkouts: readonly EntryOf<'attached'>[];
}

/** A later checkout, or a link. */
export interface AttachedRow {
  readonly kind: 'attached';
  readonly checkouts: readonly EntryOf<'attached'>[];
  readonly links: readonly EntryOf<'linked'>[];
}

/** A decision, what led to it, and all that became of it at the shop. */
export interface DecidedRow {
  readonly kind: 'decided';
  /** What led to it, in the same append. Absent: the order was placed after it was paid; `decision.because` says more. */
  readonly cause?: TimelineEntry;
  readonly decision: EntryOf<'decided'>;
  /** Reviews that the same fact opened. */
  readonly reviews: readonly OpenedReview[];
  readonly delivery: DeliveryTold;
}

/** An observation that opened reviews, and led to no decision. */
export interface ReviewRow {
  readonly kind: 'review';
  readonly cause?: TimelineEntry;
  readonly reviews: readonly OpenedReview[];
}

/** A review, and how it ended. */
export interface OpenedReview {
  readonly opened: EntryOf<'review'>;
  /** Absent: it is open. `moved`: its payment went to another order. */
  readonly end?: { readonly how: Resolution | 'moved'; readonly by: ManualAction; readonly at: string };
}

/** Neighbouring observations that changed no access. */
export interface ObservedRow {
  readonly kind: 'observed';
  /** The first report of a fact that was not known. Absent: all of them say what was known. */
  readonly news?: ReportEntry;
  readonly reports: readonly ReportEntry[];
  /** Those of them that say again what was known. The others are `news`, and older states. */
  readonly confirmations: readonly ReportEntry[];
  /** The newest decision before the row: how long after it these came. */
  readonly after?: EntryOf<'decided'>;
}

/** What a person did, where no decision and no review followed. */
export interface PersonRow {
  readonly kind: 'person';
  readonly act: PersonEntry;
  /** A request to deliver again has it: what came of it. Its event is in the row of the decision. */
  readonly outcome?: EntryOf<'delivered' | 'delivery_failed' | 'abandoned'>;
}

/** Delivery events of a decision that is not among the entries. */
export interface DeliveryRow {
  readonly kind: 'delivery';
  readonly sequence: number;
  readonly delivery: DeliveryTold;
}

/** Another policy, or a shop that is ahead of the log where no decision followed. */
export interface NoteRow {
  readonly kind: 'note';
  readonly note: EntryOf<'policy_changed' | 'shop_ahead'>;
}

/** What became of a decision at the shop. */
export interface DeliveryTold {
  /** `waiting`: no attempt has ended yet. `replaced`: a newer decision was delivered in its place. `imported`, `found`: the shop had it before. */
  readonly state: 'waiting' | 'saved' | 'imported' | 'found' | 'failing' | 'abandoned' | 'replaced';
  readonly failures: readonly EntryOf<'delivery_failed'>[];
  /** Absent: it is not saved. */
  readonly saved?: EntryOf<'delivered'>;
  /** The newer decision. Absent: it is the newest. */
  readonly replacedBy?: number;
  /** Absent: it is not failing. */
  readonly nextTryAt?: string;
  /** Absent: it is not failing. */
  readonly givesUpAt?: string;
}
