// Which events belong to one row: the events in order, gathered in drafts. `rows.ts` makes rows of them.
import { type ManualAction, paymentKey } from '../../observation.ts';
import { isDelivery } from './row-delivery.ts';
import type { EntryOf, PersonEntry, ReportEntry } from './row-types.ts';
import type { TimelineEntry } from './timeline.ts';

const withPlacingMs = 60_000;
const longGapMs = 24 * 3_600_000;

/** A row in the making. */
export interface Draft {
  readonly entries: TimelineEntry[];
  /** Milliseconds without an event before it. */
  readonly gapMs: number;
  /** A report of a fact that was not known. Absent: there is none. */
  readonly news?: ReportEntry;
}

export interface Drafts {
  readonly drafts: readonly Draft[];
  /** The reports of a fact that was known. */
  readonly confirmations: ReadonlySet<TimelineEntry>;
}

/** Gathers the entries, each in one draft. @param entries oldest first. */
export function draftsOf(entries: readonly TimelineEntry[]): Drafts {
  const gathering = new Gathering();
  for (const [index, entry] of entries.entries()) gathering.add(entry, entries[index - 1], entries[index + 1]);
  return gathering;
}

class Gathering implements Drafts {
  readonly drafts: Draft[] = [];
  readonly confirmations: Set<TimelineEntry> = new Set();
  #placed: Draft | undefined;
  /** The draft that has the entry before. */
  #current: Draft | undefined;
  readonly #decided: Map<number, Draft> = new Map();
  readonly #undecided: Map<number, Draft> = new Map();
  readonly #known: Set<string> = new Set();

  add(entry: TimelineEntry, before: TimelineEntry | undefined, next: TimelineEntry | undefined): void {
    if (isReport(entry) && this.#confirms(entry)) this.confirmations.add(entry);
    const draft = this.#draftFor(entry, next) ?? this.#open(entry, before);
    draft.entries.push(entry);
    this.#current = draft;
    if (entry.kind === 'placed') this.#placed = draft;
    if (entry.kind === 'decided') this.#decided.set(entry.sequence, draft);
    if (isReport(entry)) this.#known.add(factName(entry));
  }

  /** The draft to which the entry belongs. Undefined: it opens one. */
  #draftFor(entry: TimelineEntry, next: TimelineEntry | undefined): Draft | undefined {
    // What a person did stands alone.
    if (personOf(entry) !== undefined) return undefined;
    if (isReport(entry)) return next?.at === entry.at && isAppended(next) ? this.#attaching(entry, 'linked') : this.#quietFor(entry);
    if (isDelivery(entry)) return this.#decided.get(entry.sequence) ?? this.#undecided.get(entry.sequence);
    switch (entry.kind) {
      case 'attached':
      case 'linked':
        return this.#placingAt(entry) ?? this.#attaching(entry);
      case 'review':
      case 'decided':
        return this.#appendOf(entry);
      default:
        return undefined;
    }
  }

  #open(entry: TimelineEntry, before: TimelineEntry | undefined): Draft {
    const isNews = isReport(entry) && !isPersonal(entry) && !this.#saysWhatWasKnown(entry);
    const gapMs = before === undefined ? 0 : msBetween(before.at, entry.at);
    const draft: Draft = { entries: [], gapMs, ...(isNews ? { news: entry } : {}) };
    this.drafts.push(draft);
    if (isDelivery(entry) && !isPersonal(entry)) this.#undecided.set(entry.sequence, draft);
    return draft;
  }

  #placingAt(entry: TimelineEntry): Draft | undefined {
    const placed = this.#placed?.entries.find(({ kind }) => kind === 'placed');
    return placed && msBetween(placed.at, entry.at) <= withPlacingMs ? this.#placed : undefined;
  }

  /** The last draft, where it has nothing but links (and checkouts) of the last minute. */
  #attaching(entry: TimelineEntry, only?: 'linked'): Draft | undefined {
    const last = this.drafts.at(-1);
    const attaches = last?.entries.every(
      (each) => personOf(each) === undefined && (each.kind === 'linked' || (only === undefined && each.kind === 'attached')),
    );
    return last && attaches && msBetween(last.entries[0]?.at, entry.at) <= withPlacingMs ? last : undefined;
  }

  /** The draft of what led to this entry in the same append. */
  #appendOf(entry: EntryOf<'review' | 'decided'>): Draft | undefined {
    const draft = this.#current;
    const last = draft?.entries.at(-1);
    if (draft === undefined || last === undefined || last.at !== entry.at || !leads(last)) return undefined;
    return entry.kind === 'decided' && draft.entries.some(({ kind }) => kind === 'decided') ? undefined : draft;
  }

  /** The folded row that a report without effect joins: the last row, if it says nothing else. */
  #quietFor(entry: ReportEntry): Draft | undefined {
    const last = this.drafts.at(-1);
    const newest = last?.entries.at(-1);
    if (!this.#saysWhatWasKnown(entry)) return this.#attaching(entry, 'linked');
    if (last === undefined || newest === undefined || msBetween(newest.at, entry.at) > longGapMs) return undefined;
    if (!last.entries.every((each) => (isReport(each) || each.kind === 'linked') && !isPersonal(each))) return undefined;
    if (!last.entries.some(isReport)) return undefined;
    return last.news === undefined || factName(last.news) === factName(entry) ? last : undefined;
  }

  /** True if the report says a fact that was known. */
  #confirms(entry: ReportEntry): boolean {
    return this.#known.has(factName(entry)) || (entry.kind === 'reported' && entry.verdict.verdict === 'confirms');
  }

  /** True if the report says what was known, or less: an older state is no news. */
  #saysWhatWasKnown(entry: ReportEntry): boolean {
    return this.#confirms(entry) || (entry.kind === 'reported' && entry.verdict.verdict === 'older');
  }
}

export function isReport(entry: TimelineEntry): entry is ReportEntry {
  return entry.kind === 'reported' || entry.kind === 'held';
}

/** True of what a person did. */
export function isPersonal(entry: TimelineEntry): entry is PersonEntry {
  return personOf(entry) !== undefined;
}

/** Who did it, and why. Undefined: no person did. */
export function personOf(entry: TimelineEntry): ManualAction | undefined {
  if (isReport(entry)) return entry.report.by;
  return 'by' in entry ? entry.by : undefined;
}

/** What a report says, without the parts of its amount: a session and its payment intent say the same. */
function factName({ report: { payment, fact } }: ReportEntry): string {
  const amount =
    fact.kind !== 'attempt' ? fact.amountMinor : fact.status === 'paid' ? `${fact.amount.totalMinor} ${fact.amount.currency}` : '';
  return `${paymentKey(payment)} ${fact.kind} ${fact.kind === 'attempt' ? '' : fact.id} ${fact.status} ${amount}`;
}

/** True if the entry follows another one in its append. */
function isAppended(entry: TimelineEntry | undefined): boolean {
  return entry?.kind === 'review' || entry?.kind === 'decided';
}

/** True if decisions and reviews may follow it in its append. A placing has a row of its own. */
function leads({ kind }: TimelineEntry): boolean {
  return kind !== 'placed' && kind !== 'policy_changed' && kind !== 'attached' && kind !== 'linked';
}

/** 0 where a text is no time. */
export function msBetween(from: string | undefined, to: string): number {
  const ms = Date.parse(to) - Date.parse(from ?? to);
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
