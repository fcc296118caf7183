// The rows of a subscription's timeline, as plain data. The rules:
// R1  The events of one append are one row: what was told together, the reviews that it opened, and the decision.
// R2  All delivery events of a decision are in its row, also where they came later; a person's request has a row of its own.
// R3  Checkouts and links within 60 s of the placing are in its row; later links are in the row of what they were made for.
// R4  Neighbouring rows that only say again what was known are one row.
// R5  More than 24 hours without an event are said before the row that ends them.
import { defined } from '../../defined.ts';
import type { ManualAction } from '../../observation.ts';
import { isDeliveryEvent } from '../../order/delivery-state.ts';
import type { Resolution } from '../../order/events.ts';
import {
  isSubscriptionDecision,
  type SubscriptionDecision,
  type SubscriptionEvent,
  type SubscriptionObserved,
  type SubscriptionPlaced,
  type SubscriptionReviewOpened,
} from '../../subscription/events.ts';
import { contentKey } from '../../subscription/subscription.ts';
import { type DeliveryEntry, deliveryTold } from './row-delivery.ts';
import { msBetween } from './row-drafts.ts';
import type { DeliveryTold } from './row-types.ts';

/** One event of a subscription, or a link of one of its references. `at`: when it was recorded. Times are ISO 8601 UTC. */
export interface SubscriptionEntry {
  readonly at: string;
  /** `stream@revision`. */
  readonly place: string;
  /** Names its append within the stream. */
  readonly append: string;
  readonly instance: string;
  /** The hash of the policy that it was decided under. Empty: it names none. */
  readonly policy: string;
  /** True: it was appended by an import. */
  readonly isImport: boolean;
  readonly event: SubscriptionEvent | { readonly type: 'SubscriptionLinked'; readonly reference: string };
}

/** A review, and how a person ended it. */
export interface SubscriptionReviewTold {
  readonly opened: SubscriptionReviewOpened;
  /** Absent: it is open. */
  readonly end?: { readonly how: Resolution; readonly by: ManualAction };
}

/** Events that belong together. Each event is in exactly one row; rows are in the order of their first events. */
export interface SubscriptionRow {
  readonly at: string;
  readonly entries: readonly SubscriptionEntry[];
  /** Milliseconds without any event before this row. Absent: not more than 24 hours. */
  readonly gapMs?: number;
  /** Absent: it was not placed in this row. */
  readonly placed?: SubscriptionPlaced;
  readonly reports: readonly SubscriptionObserved[];
  /** True: all that its reports say was known. */
  readonly confirms: boolean;
  readonly reviews: readonly SubscriptionReviewTold[];
  readonly decision?: SubscriptionDecision;
  /** What became of the decision at the shop. Absent: there is no decision, and no delivery. */
  readonly delivery?: DeliveryTold;
  /** What a person did. Absent: it was no person. */
  readonly act?: Extract<SubscriptionEvent, { type: 'SubscriptionReviewResolved' | 'DeliveryTakenOver' | 'StripeRechecked' }>;
  /** The policy from here on, where it is another one. */
  readonly policy?: { readonly from: string; readonly to: string };
}

interface Draft {
  readonly entries: SubscriptionEntry[];
  readonly gapMs: number;
  policy?: { readonly from: string; readonly to: string };
}

/** Folds a timeline into rows. Pure; the entries may be any beginning of a timeline. @param entries oldest first. */
export function subscriptionRows(entries: readonly SubscriptionEntry[]): readonly SubscriptionRow[] {
  const drafts = draftsOf(entries);
  const known = new Set<string>();
  return joinConfirmations(drafts.map((draft) => rowOf(draft, entries, known)));
}

const withPlacingMs = 60_000;
const longGapMs = 24 * 3_600_000;

function draftsOf(entries: readonly SubscriptionEntry[]): readonly Draft[] {
  const drafts: Draft[] = [];
  const decided = new Map<number, Draft>();
  let placed: Draft | undefined;
  let [before, policy]: [SubscriptionEntry | undefined, string] = [undefined, ''];
  for (const entry of entries) {
    const { event } = entry;
    const last = drafts.at(-1);
    const isAttaching = event.type === 'CheckoutAttached' || event.type === 'SubscriptionLinked';
    const isWithPlacing = isAttaching && placed !== undefined && msBetween(placed.entries[0]?.at, entry.at) <= withPlacingMs;
    const ofDecision = isDelivery(entry) && personOf(event) === undefined ? decided.get(entry.event.data.sequence) : undefined;
    const isOneAppend = entry.append !== '' && last?.entries.at(-1)?.append === entry.append && personOf(event) === undefined;
    const ofLinks =
      ofDecision === undefined && !isWithPlacing && isLinking(last) && msBetween(last?.entries[0]?.at, entry.at) <= withPlacingMs;
    const draft = ofDecision ??
      (isWithPlacing ? placed : isOneAppend || ofLinks ? last : undefined) ?? { entries: [], gapMs: msBetween(before?.at, entry.at) };
    if (!drafts.includes(draft)) drafts.push(draft);
    if (entry.policy !== '') {
      if (policy !== '' && policy !== entry.policy) draft.policy = { from: policy, to: entry.policy };
      policy = entry.policy;
    }
    draft.entries.push(entry);
    if (event.type === 'SubscriptionPlaced') placed = draft;
    if (event.type !== 'SubscriptionLinked' && isSubscriptionDecision(event)) decided.set(event.data.sequence, draft);
    before = entry;
  }
  return drafts;
}

/** True if the row has nothing but links: what they were made for follows. */
function isLinking(draft: Draft | undefined): boolean {
  return draft?.entries.every(({ event }) => event.type === 'SubscriptionLinked') === true;
}

function rowOf({ entries, gapMs, policy }: Draft, all: readonly SubscriptionEntry[], known: Set<string>): SubscriptionRow {
  const events = entries.flatMap(({ event }) => (event.type === 'SubscriptionLinked' ? [] : [event]));
  const reports = events.flatMap((event) => (event.type === 'SubscriptionObserved' ? [event.data] : []));
  const confirms = reports.length > 0 && reports.every((report) => known.has(contentKey(report)));
  for (const report of reports) known.add(contentKey(report));
  const decision = events.find(isSubscriptionDecision);
  const reviews = events.flatMap((event) => (event.type === 'SubscriptionReviewOpened' ? [toldOf(event.data, all)] : []));
  const sequence = decision?.data.sequence ?? events.find((event) => isDeliveryEvent(event))?.data.sequence;
  const placed = events.find((event) => event.type === 'SubscriptionPlaced');
  const act = events.find((event) => personOf(event) !== undefined && event.type !== 'SubscriptionObserved');
  return {
    at: entries[0]?.at ?? '',
    entries,
    reports,
    confirms: confirms && decision === undefined && reviews.length === 0,
    reviews,
    ...defined({
      gapMs: gapMs > longGapMs ? gapMs : undefined,
      placed: placed?.data,
      decision,
      delivery: sequence === undefined ? undefined : deliveryOf(sequence, all),
      act: act as SubscriptionRow['act'],
      policy,
    }),
  };
}

/** R4: the row before takes what says nothing new either. */
function joinConfirmations(rows: readonly SubscriptionRow[]): readonly SubscriptionRow[] {
  const joined: SubscriptionRow[] = [];
  for (const row of rows) {
    const last = joined.at(-1);
    if (row.confirms && last?.confirms && row.gapMs === undefined) {
      joined.splice(-1, 1, { ...last, entries: [...last.entries, ...row.entries], reports: [...last.reports, ...row.reports] });
    } else joined.push(row);
  }
  return joined;
}

function toldOf(opened: SubscriptionReviewOpened, all: readonly SubscriptionEntry[]): SubscriptionReviewTold {
  for (const { event } of all) {
    if (event.type !== 'SubscriptionReviewResolved' || event.data.reviewId !== opened.reviewId) continue;
    return { opened, end: { how: event.data.resolution, by: event.data.by } };
  }
  return { opened };
}

function deliveryOf(sequence: number, all: readonly SubscriptionEntry[]): DeliveryTold {
  const decidedAt = all.find(({ event }) => 'data' in event && isSubscriptionDecision(event) && event.data.sequence === sequence)?.at;
  const sequences = all.flatMap(({ event }) => ('data' in event && isSubscriptionDecision(event) ? [event.data.sequence] : []));
  const told = all.flatMap((entry) =>
    isDelivery(entry) && entry.event.data.sequence === sequence ? [deliveryEntry(entry, decidedAt)] : [],
  );
  return deliveryTold(
    told,
    sequences.find((each) => each > sequence),
  );
}

type DeliveryEntryOf = SubscriptionEntry & {
  readonly event: Extract<SubscriptionEvent, { data: { sequence: number } }> & Parameters<typeof isDeliveryEvent>[0];
};

function isDelivery(entry: SubscriptionEntry): entry is DeliveryEntryOf {
  return entry.event.type !== 'SubscriptionLinked' && isDeliveryEvent(entry.event);
}

/** A delivery event as those of orders are told. */
function deliveryEntry({ at, place, instance, isImport, event }: SubscriptionEntry, decidedAt: string | undefined): DeliveryEntry {
  const where = { at, place, ...(instance === '' ? {} : { instance }) };
  switch (event.type) {
    case 'DeliveryFailed':
      return { ...where, kind: 'delivery_failed', ...event.data };
    case 'DeliveryTakenOver':
      return { ...where, kind: 'taken_over', ...event.data };
    case 'DeliveryAbandoned':
      return { ...where, kind: 'abandoned', ...event.data };
    default: {
      const { sequence = 0, found = false } = 'data' in event ? (event.data as { sequence?: number; found?: boolean }) : {};
      return { ...where, kind: 'delivered', sequence, afterMs: msBetween(decidedAt, at), imported: isImport, found };
    }
  }
}

/** Who did it, and why. Undefined: no person did. */
export function personOf(event: SubscriptionEntry['event']): ManualAction | undefined {
  return 'data' in event && 'by' in event.data ? event.data.by : undefined;
}
