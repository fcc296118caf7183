// The sentences that say why an order stands as it does. The compiler demands each of them for each language.
import type { Source } from '../../observation.ts';
import type { ReviewKind } from '../../order/events.ts';
import type { Sentence, Span } from './sentence.ts';

export interface WhyWords {
  /** As they stand in a sentence. */
  readonly reviews: Readonly<Record<ReviewKind, string>>;
  readonly notPlaced: () => Sentence;
  readonly paidNotSaved: (who: Span, money: Span) => Sentence;
  readonly endNotSaved: (who: Span, paused: boolean) => Sentence;
  readonly tooLittle: (who: Span, came: Span, expected: Span) => Sentence;
  /** @param open how many reviews wait. */
  readonly review: (who: Span, has: boolean, review: string, money: Span, open: number) => Sentence;
  readonly disputed: (who: Span, since: Span, money: Span) => Sentence;
  readonly disputeLost: (who: Span, since: Span, money: Span) => Sentence;
  readonly endedByReturn: (who: Span, since: Span, money: Span) => Sentence;
  readonly refunded: (who: Span, since: Span, money: Span) => Sentence;
  readonly endedBy: (who: Span, since: Span, actor: Span) => Sentence;
  readonly endedAgain: (who: Span, since: Span) => Sentence;
  readonly active: (who: Span) => Sentence;
  readonly activeBy: (who: Span, actor: Span, money: Span) => Sentence;
  readonly restored: (who: Span, since: Span, money: Span) => Sentence;
  readonly granted: (who: Span, source: Source, money: Span, after: string | undefined, webhook: 'later' | 'never' | undefined) => Sentence;
  readonly awaiting: (who: Span, money: Span, until: Span | undefined) => Sentence;
  readonly none: (who: Span, money: Span) => Sentence;
  readonly withdrawn: (actor: Span) => Sentence;
}
