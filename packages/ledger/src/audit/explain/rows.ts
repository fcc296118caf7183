// The rows of a timeline. The rules:
// R1  The order was placed: one row with its checkouts and links within 60 s.
// R2  What led to a decision, the decision, and all delivery events of that decision: one row, also where they came later.
// R3  What opened reviews, and the reviews: one row, which says how they ended.
// R4  Neighbouring reports that say what was known: one folded row. A report of a new fact heads a row of its own, and what
//     confirms that fact folds into it.
// R5  What a person did has a row of its own, together with the decision or the reviews that it led to.
// R6  More than 24 hours without an event are said before the row that ends them.
import { defined } from '../../defined.ts';
import { referenceName } from '../../observation.ts';
import { type DeliveryEntry, deliveryTold, isDelivery } from './row-delivery.ts';
import { type Draft, draftsOf, isPersonal, isReport } from './row-drafts.ts';
import type { EntryOf, ObservedRow, OpenedReview, PersonEntry, PersonRow, Row } from './row-types.ts';
import type { TimelineEntry } from './timeline.ts';

const longGapMs = 24 * 3_600_000;

/**
 * Folds a timeline into rows, oldest first. Each entry is in exactly one row; no decision, review, person or failed delivery
 * is folded away. Pure; the entries may be any beginning of a timeline.
 * @param entries as `explainOrder` and `explainHistory` return them.
 */
export function rowsOf(entries: readonly TimelineEntry[]): readonly Row[] {
  const { drafts, confirmations } = draftsOf(entries);
  const all = indexed(entries);
  let after: EntryOf<'decided'> | undefined;
  return drafts.map((draft): Row => {
    const content = contentOf(draft, all, confirmations, after);
    if (content.kind === 'decided') after = content.decision;
    const [first] = draft.entries;
    const gapMs = draft.gapMs > longGapMs ? draft.gapMs : undefined;
    return { ...content, at: first?.at ?? '', entries: draft.entries, ...defined({ gapMs, order: all.order }) };
  });
}

interface Indexed {
  readonly order: EntryOf<'placed'>['order'] | undefined;
  readonly deliveries: ReadonlyMap<number, readonly DeliveryEntry[]>;
  /** The sequences of the decisions, ascending. */
  readonly sequences: readonly number[];
  readonly resolved: ReadonlyMap<string, EntryOf<'resolved'>>;
  readonly moves: readonly EntryOf<'moved'>[];
}

function indexed(entries: readonly TimelineEntry[]): Indexed {
  const deliveries = new Map<number, DeliveryEntry[]>();
  const resolved = new Map<string, EntryOf<'resolved'>>();
  for (const entry of entries) {
    if (isDelivery(entry)) {
      const known = deliveries.get(entry.sequence);
      if (known) known.push(entry);
      else deliveries.set(entry.sequence, [entry]);
    }
    if (entry.kind === 'resolved') resolved.set(entry.reviewId, entry);
  }
  return {
    order: entries.find((entry) => entry.kind === 'placed')?.order,
    deliveries,
    sequences: entries.flatMap((entry) => (entry.kind === 'decided' ? [entry.sequence] : [])),
    resolved,
    moves: entries.filter((entry) => entry.kind === 'moved'),
  };
}

type DistributedOmit<T> = T extends unknown ? Omit<T, 'at' | 'entries' | 'gapMs' | 'order'> : never;
type Content = DistributedOmit<Row>;

function contentOf(draft: Draft, all: Indexed, confirmations: ReadonlySet<TimelineEntry>, after: EntryOf<'decided'> | undefined): Content {
  const { entries } = draft;
  const reviews = entries.filter((entry) => entry.kind === 'review').map((opened) => openedReview(opened, all));
  const decision = entries.find((entry) => entry.kind === 'decided');
  const lead = entries.find((entry) => entry.kind !== 'linked') ?? entries[0];
  const cause = lead?.kind === 'review' || lead?.kind === 'decided' ? undefined : lead;
  if (decision) {
    const delivery = deliveryTold(all.deliveries.get(decision.sequence) ?? [], sequenceAfter(decision.sequence, all));
    return { kind: 'decided', decision, reviews, delivery, ...defined({ cause }) };
  }
  if (reviews.length > 0) return { kind: 'review', reviews, ...defined({ cause }) };
  if (lead && isPersonal(lead)) return personRow(lead, all);
  const checkouts = entries.filter((entry) => entry.kind === 'attached');
  if (lead?.kind === 'placed') return { kind: 'placed', placed: lead, checkouts };
  if (lead?.kind === 'policy_changed' || lead?.kind === 'shop_ahead') return { kind: 'note', note: lead };
  if (lead && isDelivery(lead)) {
    const { sequence } = lead;
    return { kind: 'delivery', sequence, delivery: deliveryTold(all.deliveries.get(sequence) ?? [], sequenceAfter(sequence, all)) };
  }
  if (entries.some(isReport)) return observedRow(draft, confirmations, after);
  return { kind: 'attached', checkouts, links: entries.filter((entry) => entry.kind === 'linked') };
}

function sequenceAfter(sequence: number, { sequences }: Indexed): number | undefined {
  return sequences.find((each) => each > sequence);
}

function openedReview(opened: EntryOf<'review'>, { resolved, moves }: Indexed): OpenedReview {
  const end = resolved.get(opened.reviewId);
  if (end) return { opened, end: { how: end.resolution, by: end.by, at: end.at } };
  const name = referenceName(opened.payment);
  const moved = moves.find(({ payment, at }) => referenceName(payment) === name && at >= opened.at);
  return moved ? { opened, end: { how: 'moved', by: moved.by, at: moved.at } } : { opened };
}

/** The row of a request to deliver again says what the next attempt came to. */
function personRow(act: PersonEntry, { deliveries }: Indexed): PersonRow {
  if (act.kind !== 'taken_over') return { kind: 'person', act };
  const events = deliveries.get(act.sequence) ?? [];
  const outcome = events.slice(events.indexOf(act) + 1).find((event) => event.kind !== 'taken_over');
  return { kind: 'person', act, ...defined({ outcome }) };
}

function observedRow({ entries, news }: Draft, confirming: ReadonlySet<TimelineEntry>, after: EntryOf<'decided'> | undefined): ObservedRow {
  const reports = entries.filter(isReport);
  return { kind: 'observed', reports, confirmations: reports.filter((each) => confirming.has(each)), ...defined({ news, after }) };
}
