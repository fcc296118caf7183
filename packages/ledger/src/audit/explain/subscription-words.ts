// The words for a subscription. The compiler demands each of them for each language. What delivery, people and policies need is
// said in the words of orders.
import type { Source } from '../../observation.ts';
import type { Resolution } from '../../order/events.ts';
import type { SubscriptionOutcome, SubscriptionReviewKind } from '../../subscription/events.ts';
import type { LifecycleStatus, SubscriptionFact } from '../../subscription/observation.ts';
import type { Sentence, Span } from './sentence.ts';

export interface SubscriptionWords {
  readonly heading: (subscription: Span, member: Span | undefined, plan: string, quantity: number) => Sentence;
  readonly notPlaced: () => Sentence;
  readonly neverGranted: () => Sentence;
  readonly standing: (status: 'active' | 'suspended' | 'revoked', since: Span, isTrial: boolean) => Sentence;
  readonly wouldEnd: (at: Span) => Sentence;
  readonly undelivered: (decided: number, delivered: number) => Sentence;
  /** A decision in one word or two. */
  readonly outcomes: Readonly<Record<SubscriptionOutcome, string>>;
  readonly extendedTo: (paidThrough: Span) => Sentence;
  readonly grantedTo: (paidThrough: Span) => Sentence;
  readonly changedPlan: (plan: string, quantity: number) => Sentence;
  readonly adjustedTo: (validUntil: Span) => Sentence;
  readonly endedOn: (at: Span) => Sentence;
  /** How a decision and what led to it are said together, without a full stop. */
  readonly because: (decision: Sentence, why: Sentence) => Sentence;
  /** An end by silence. @param looked the provider's time of the look. */
  readonly ranOut: (paidThrough: Span | undefined, end: Span, source: Source, looked: Span) => Sentence;
  /** A decision and, behind it, how it came to it. */
  readonly namely: (decision: Sentence, how: Sentence) => Sentence;
  readonly said: (source: Source, actor: Span | undefined, fact: Sentence, evidence: Span) => Sentence;
  readonly ruled: (actor: Span) => Sentence;
  readonly accessUntil: (validUntil: Span) => Sentence;
  readonly lifecycles: Readonly<Record<LifecycleStatus, string>>;
  /** @param money the amount of an invoice; of a refund or a dispute where its currency is known. */
  readonly fact: (fact: SubscriptionFact, money: Span | undefined) => Sentence;
  readonly reviews: Readonly<Record<SubscriptionReviewKind, string>>;
  /** What a person must look at. */
  readonly review: (kind: SubscriptionReviewKind, invoice: Span | undefined) => Sentence;
  readonly placed: (plan: string, member: Span) => Sentence;
  readonly imported: () => Sentence;
  readonly checkout: (id: Span) => Sentence;
  readonly belongs: (reference: Span) => Sentence;
  readonly accessStays: () => Sentence;
  readonly waits: () => Sentence;
  readonly confirmed: () => Sentence;
  readonly doubtful: () => Sentence;
  readonly resolutions: Readonly<Record<Resolution, string>>;
  readonly shopAhead: (sequence: number) => Sentence;
  readonly reviewEnded: (reviewId: string, how: Resolution) => Sentence;
  readonly resolved: (actor: Span, reviewId: string, how: Resolution) => Sentence;
  readonly fullStop: string;
  readonly space: string;
}
