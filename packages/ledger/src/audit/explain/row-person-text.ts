// What a person did, in words; the reason stays in his own.
import { errorName } from './row-delivery-text.ts';
import { personOf } from './row-drafts.ts';
import { factText } from './row-report-text.ts';
import type { RowText } from './row-text-types.ts';
import type { PersonRow } from './row-types.ts';
import type { RowWords } from './row-words.ts';
import type { Sentence } from './sentence.ts';

export function personText({ act, outcome }: PersonRow, words: RowWords): RowText {
  const by = personOf(act);
  const actor = { id: by?.actor ?? '' };
  const said = { below: [], ...(by ? { reason: by.reason } : {}) };
  switch (act.kind) {
    case 'resolved':
      return { title: words.resolved(actor, act.reviewId, act.resolution), ...said };
    case 'withdrawn':
      return { title: words.withdrew(actor), ...said };
    case 'moved':
      return { title: words.moved(actor, { id: act.payment.id }, { id: act.toOrderId }), ...said };
    case 'taken_over':
      return { title: words.askedDelivery(actor, act.sequence), ...said, ...outcomeText(outcome, words) };
    case 'attached':
      return { title: words.linked(actor, { id: act.payment.id }), ...said };
    case 'rechecked':
      return { title: words.rechecked(actor), detail: words.objectsRead(act.looked, act.recorded), ...said };
    case 'reported':
    case 'held':
      return { title: words.recordedByHand(actor), source: 'manual', detail: factText(act.report, words), ...said };
  }
}

function outcomeText(outcome: PersonRow['outcome'], words: RowWords): { readonly detail?: Sentence } {
  if (outcome === undefined) return {};
  if (outcome.kind === 'delivered') return { detail: words.savedNow() };
  if (outcome.kind === 'abandoned') return { detail: words.abandoned() };
  return { detail: words.failedAgain(errorName(outcome, words)) };
}
