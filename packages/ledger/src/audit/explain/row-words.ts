// The words for the rows of a timeline. The compiler demands each of them for each language.
import type { AttemptStatus, DisputeStatus, RefundStatus, Source } from '../../observation.ts';
import type { DecisionType, Resolution, ReviewKind } from '../../order/events.ts';
import type { Sentence, Span } from './sentence.ts';

export interface RowWords {
  readonly space: string;
  /** Between parts of one line. */
  readonly comma: string;
  readonly fullStop: string;
  /** In a sentence, as "the webhook". */
  readonly sources: Readonly<Record<Source, string>>;
  /** At the beginning of a line, as "Webhook". */
  readonly sourceNames: Readonly<Record<Source, string>>;
  readonly decisions: Readonly<Record<DecisionType, string>>;
  readonly attempts: Readonly<Record<AttemptStatus, string>>;
  readonly refunds: Readonly<Record<RefundStatus, string>>;
  readonly disputes: Readonly<Record<DisputeStatus, string>>;
  /** The heading of a review. */
  readonly reviews: Readonly<Record<ReviewKind, string>>;
  readonly resolutions: Readonly<Record<Resolution | 'moved', string>>;
  readonly placed: (money: Span) => Sentence;
  readonly plan: (plan: string) => Sentence;
  readonly checkoutOpened: (id: Span, after: string, until: Span | undefined) => Sentence;
  readonly laterCheckout: () => Sentence;
  readonly checkout: (id: Span, until: Span | undefined) => Sentence;
  readonly belongsHere: (id: Span) => Sentence;
  readonly notDelivered: (title: string) => Sentence;
  readonly paid: (money: Span) => Sentence;
  readonly refund: (money: Span, status: string) => Sentence;
  readonly dispute: (money: Span, status: string, returnedDebit: boolean) => Sentence;
  readonly needsReview: (title: Sentence) => Sentence;
  /** How a sentence about a report begins. @param actor the person who recorded it. */
  readonly reported: (source: Source, actor: Span | undefined) => Sentence;
  readonly reportedPaid: (who: Sentence, id: Span, money: Span) => Sentence;
  readonly reportedAttempt: (who: Sentence, id: Span, status: AttemptStatus) => Sentence;
  readonly reportedRefund: (who: Sentence, id: Span, money: Span, status: RefundStatus, payment: Span) => Sentence;
  readonly reportedDispute: (who: Sentence, id: Span, money: Span, status: DisputeStatus, returnedDebit: boolean) => Sentence;
  readonly timeAtStripe: (time: Span) => Sentence;
  readonly disputeSuspends: () => Sentence;
  readonly less: (money: Span) => Sentence;
  readonly more: (money: Span) => Sentence;
  readonly accessStays: () => Sentence;
  readonly waits: () => Sentence;
  readonly held: () => Sentence;
  readonly cameBeforePlaced: () => Sentence;
  readonly saved: (after: string) => Sentence;
  readonly decisionAttempt: (sequence: number, attempt: number) => Sentence;
  readonly imported: () => Sentence;
  readonly found: () => Sentence;
  readonly waiting: () => Sentence;
  readonly replaced: (by: number) => Sentence;
  readonly couldNotSave: (attempts: number) => Sentence;
  readonly moreAttempts: (count: number) => Sentence;
  readonly timeout: string;
  readonly unnamedError: string;
  readonly nextAttempt: (time: Span, instance: Span | undefined) => Sentence;
  readonly abandoned: () => Sentence;
  readonly decision: (sequence: number) => Sentence;
  readonly reviewOpen: (reviewId: string) => Sentence;
  readonly nothingSent: () => Sentence;
  readonly reviewEnded: (reviewId: string, how: Resolution | 'moved') => Sentence;
  readonly by: (actor: Span) => Sentence;
  /** @param more how many events there are beyond one of each source. */
  readonly confirmedBy: (sources: readonly Source[], more: number) => Sentence;
  readonly olderReports: (count: number) => Sentence;
  /** @param after of the decision; otherwise the time that the row took. @param several true: within; false: after. */
  readonly noChange: (time: string, after: DecisionType | undefined, several: boolean) => Sentence;
  readonly recordedByHand: (actor: Span) => Sentence;
  readonly resolved: (actor: Span, reviewId: string, how: Resolution) => Sentence;
  readonly withdrew: (actor: Span) => Sentence;
  readonly moved: (actor: Span, payment: Span, toOrder: Span) => Sentence;
  readonly askedDelivery: (actor: Span, sequence: number) => Sentence;
  readonly linked: (actor: Span, payment: Span) => Sentence;
  readonly rechecked: (actor: Span) => Sentence;
  readonly objectsRead: (read: number, recorded: number) => Sentence;
  readonly savedNow: () => Sentence;
  readonly failedAgain: (error: string) => Sentence;
  readonly policyChanged: () => Sentence;
  readonly policy: (to: Span, from: Span) => Sentence;
  readonly shopAhead: (sequence: number) => Sentence;
  readonly gap: (ms: number) => Sentence;
}
