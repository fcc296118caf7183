// What a language must be able to say of an order: the compiler demands every sentence of each of them.
import type { Fact, ManualAction, Source } from '../../observation.ts';
import type { DecisionType, OrderPlaced, Resolution, ReviewKind } from '../../order/events.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { Explanation } from './explain.ts';
import type { SourceReport, TimelineEntry, Verdict } from './timeline.ts';

/** An entry of a kind. */
export type EntryOf<Kind extends TimelineEntry['kind']> = Extract<TimelineEntry, { kind: Kind }>;
type VerdictOf<To extends Verdict['verdict']> = Extract<Verdict, { verdict: To }>;

export interface Messages {
  /** Between two sentences. */
  readonly space: string;
  /** Last touch to a line. */
  finish(line: string): string;
  readonly sources: Readonly<Record<Source, string>>;
  readonly memberships: Readonly<Record<MembershipStatus, string>>;
  readonly decisions: Readonly<Record<DecisionType, string>>;
  readonly reviews: Readonly<Record<ReviewKind, string>>;
  readonly resolutions: Readonly<Record<Resolution, string>>;
  /** @param money of an amount in the currency of the order, or in that of the payment. */
  fact(fact: Fact, payment: string, money: (amountMinor: number, currency?: string) => string): string;
  duration(ms: number): string;
  readonly summary: {
    /** @param orderIds those that give it; none: he has none. @param past as the log was. */
    access(memberId: string, orderIds: readonly string[], past: boolean): string;
    heading(explanation: Explanation): string;
    membership(status: MembershipStatus, since: string | undefined): string;
    /** Why the first decision, and why the newest. */
    granted(because: string): string;
    changed(entry: EntryOf<'decided'>, because: string): string;
    said(report: SourceReport, fact: string): string;
    ruled(by: ManualAction): string;
    confirmed(source: Source, afterMs: number): string;
    unconfirmed(): string;
    reviews(count: number): string;
    undelivered(sequence: number, delivered: number): string;
    notPlaced(): string;
  };
  readonly entries: {
    placed(order: OrderPlaced, money: string): string;
    attached(entry: EntryOf<'attached'>): string;
    linked(entry: EntryOf<'linked'>): string;
    held(report: string): string;
    said(report: SourceReport, fact: string): string;
    decided(entry: EntryOf<'decided'>, because: string): string;
    review(entry: EntryOf<'review'>): string;
    resolved(entry: EntryOf<'resolved'>): string;
    moved(entry: EntryOf<'moved'>): string;
    delivered(entry: EntryOf<'delivered'>): string;
    delivery_failed(entry: EntryOf<'delivery_failed'>): string;
    taken_over(entry: EntryOf<'taken_over'>): string;
    abandoned(entry: EntryOf<'abandoned'>): string;
  };
  readonly verdicts: {
    decided(verdict: VerdictOf<'decided'>): string;
    confirms(verdict: VerdictOf<'confirms'>): string;
    waits(): string;
    does_not_count(verdict: VerdictOf<'does_not_count'>): string;
    second_payment(): string;
    older(): string;
    no_change(): string;
  };
}

/** `2026-01-05 09:00:12`, UTC. */
export function timeText(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}
