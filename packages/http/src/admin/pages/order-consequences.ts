// What a resolution of a review would do, in a sentence: what becomes of access is from a dry run, so that words and effect cannot
// part; what becomes of the money follows from the kind of the review.
import type { MembershipStatus, Preview, Resolution } from '@paidonce/ledger';
import type { OpenReviewAmounts, Standing } from '@paidonce/ledger/audit';
import { type Html, html, type Insert } from '../../html.ts';
import { money } from '../components/ids.ts';
import { membershipPill } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';

/** @param preview what the resolution would do now. */
export function consequence(
  context: PageContext,
  standing: Standing,
  review: OpenReviewAmounts,
  resolution: Resolution,
  preview: Preview,
): Html {
  const access = accessText(context, standing, preview);
  const about = moneyText(context, review, resolution);
  return html`${access}${about !== undefined && html` ${about}`}`;
}

function accessText(context: PageContext, { membership, placed }: Standing, { membership: after }: Preview): Insert {
  const { order } = context.words;
  const who = placed?.memberId ?? '';
  const gives = (status: MembershipStatus): boolean => status === 'active';
  if (gives(after) && !gives(membership)) return order.getsPlan(who, placed?.plan ?? '');
  if (!gives(after) && gives(membership)) return order.losesAccess(who);
  if (gives(after)) return order.keepsAccess(who);
  return after === membership ? order.staysOut(who) : order.after(membershipPill(context, after));
}

function moneyText(context: PageContext, review: OpenReviewAmounts, resolution: Resolution): Insert {
  const { order } = context.words;
  const { came, owedMinor, currency, payment } = review;
  const all = came && money(context, came.totalMinor, came.currency);
  const difference = came && came.currency === currency ? came.totalMinor - owedMinor : 0;
  const gap = difference === 0 ? undefined : money(context, Math.abs(difference), currency);
  const stays = all && order.staysAtStripe(all);
  switch (review.review) {
    case 'amount':
      if (resolution === 'grant') return gap ? order.waived(gap) : order.laterRefund;
      return resolution === 'revoke' ? stays : gap ? order.missingAlone(gap) : order.judgedAlone;
    case 'currency':
      if (resolution === 'grant') return all && order.otherCurrency(all, currency.toUpperCase());
      return resolution === 'revoke' ? stays : order.judgedAlone;
    case 'mode':
      if (resolution === 'grant') return order.otherMode(!payment.livemode);
      return resolution === 'revoke' ? stays : order.judgedAlone;
    case 'account':
      if (resolution === 'grant') return order.otherAccount(payment.account);
      return resolution === 'revoke' ? stays : order.judgedAlone;
    case 'overpaid':
      // The sum of two payments is more than expected: then the payment of the review is the surplus.
      if (gap === undefined || difference < 0) return resolution === 'revoke' ? stays : all && order.secondRefund(all);
      return resolution === 'grant' ? order.surplusStays(gap) : resolution === 'revoke' ? stays : order.surplusRefund(gap);
    case 'paid_again':
      return resolution === 'revoke' ? stays : resolution === 'grant' ? order.laterRefund : all && order.secondRefund(all);
    case 'claimed_by_two':
      return { grant: order.countsHere, revoke: order.notHere, dismiss: order.firstLink }[resolution];
    case 'refunds_exceed':
      return { grant: order.stillCounts, revoke: order.countsNoMore, dismiss: undefined }[resolution];
    case 'conflicting_evidence':
      return { grant: order.paidStatement, revoke: order.countsNoMore, dismiss: order.nextStatement }[resolution];
    case 'withdrawn':
      return { grant: order.livesAgain, revoke: stays, dismiss: order.noRuling }[resolution];
  }
}
