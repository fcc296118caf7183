// The sentences that a language must have to explain an order. The compiler demands each of them for each language.
import type { Fact, ManualAction, Source } from '../../observation.ts';
import type { DecisionType, DeliveryError, OrderPlaced, Resolution, ReviewKind } from '../../order/events.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { Explanation } from './explain.ts';
import type { EntryOf } from './row-types.ts';
import type { SourceReport, Verdict } from './timeline.ts';

type VerdictOf<To extends Verdict['verdict']> = Extract<Verdict, { verdict: To }>;

/** The ids of what gives access. */
export interface Giving {
  readonly orders: readonly string[];
  readonly subscriptions: readonly string[];
}

export interface Messages {
  /** What stands between two sentences. */
  readonly space: string;
  /** Makes the last change to a complete line. */
  finish(line: string): string;
  readonly sources: Readonly<Record<Source, string>>;
  readonly memberships: Readonly<Record<MembershipStatus, string>>;
  readonly decisions: Readonly<Record<DecisionType, string>>;
  readonly reviews: Readonly<Record<ReviewKind, string>>;
  readonly resolutions: Readonly<Record<Resolution, string>>;
  /** @param money formats an amount; its currency is that of the order unless one is passed. */
  fact(fact: Fact, payment: string, money: (amountMinor: number, currency?: string) => string): string;
  duration(ms: number): string;
  readonly summary: {
    /** @param giving what gives access; empty: the member has none. @param past true: use the past tense. */
    access(memberId: string, giving: Giving, past: boolean): string;
    heading(explanation: Explanation): string;
    membership(status: MembershipStatus, since: string | undefined): string;
    /** Says why the first decision was made. */
    granted(because: string): string;
    /** Says why the newest decision was made, if it is not the first. */
    changed(entry: EntryOf<'decided'>, because: string): string;
    reported(report: SourceReport, fact: string): string;
    ruled(by: ManualAction): string;
    /** Says that the shop had decisions which this log does not have. */
    behind(shopHad: number): string;
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
    reported(report: SourceReport, fact: string): string;
    decided(entry: EntryOf<'decided'>, because: string): string;
    review(entry: EntryOf<'review'>): string;
    resolved(entry: EntryOf<'resolved'>): string;
    policy_changed(entry: EntryOf<'policy_changed'>): string;
    withdrawn(entry: EntryOf<'withdrawn'>): string;
    moved(entry: EntryOf<'moved'>): string;
    delivered(entry: EntryOf<'delivered'>): string;
    delivery_failed(entry: EntryOf<'delivery_failed'>): string;
    taken_over(entry: EntryOf<'taken_over'>): string;
    abandoned(entry: EntryOf<'abandoned'>): string;
    shop_ahead(entry: EntryOf<'shop_ahead'>): string;
    rechecked(entry: EntryOf<'rechecked'>): string;
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

/** Returns an ISO 8601 time as `2026-01-05 09:00:12`, in UTC. */
export function timeText(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

/** Returns name and code of an error: `PrismaClientKnownRequestError/P2002`. */
export function errorText({ name, code }: DeliveryError): string {
  return code === undefined ? name : `${name}/${code}`;
}
