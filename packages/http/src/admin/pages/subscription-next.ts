// What happens next to a subscription, and when: one sentence.
import type { SubscriptionSummary, SubscriptionView } from '@paidonce/ledger';
import type { Html } from '../../html.ts';
import { time } from '../components/ids.ts';
import type { PageContext } from '../page-context.ts';

/** @param view absent: it is not placed. */
export function nextText(
  context: PageContext,
  view: SubscriptionView | undefined,
  summary: SubscriptionSummary | undefined,
): Html | string {
  const { subscription: words } = context.words;
  if (view === undefined) return words.nextNotPlaced;
  const { status, validUntil, dueAt, endsAt, paidThrough, inGrace } = view;
  const at = (iso: string): Html => time(context, iso);
  if (dueAt !== undefined && dueAt <= new Date(context.now).toISOString()) return words.nextDue(at(dueAt));
  if (status === 'none' || validUntil === undefined) return words.nextFirst;
  if (status === 'revoked') return words.nextOver;
  if (status === 'suspended') return words.nextSuspended(at(validUntil));
  if (summary?.dunningSince !== undefined) return words.nextDunning(at(validUntil));
  if (endsAt !== undefined) return words.nextCanceled(at(endsAt), at(validUntil));
  if (inGrace || paidThrough === undefined) return words.nextGrace(at(validUntil));
  return words.nextRenewal(at(paidThrough), at(validUntil));
}
