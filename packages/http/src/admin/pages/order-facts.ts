// The facts of an order, side by side: the shop's truth first, so nothing that is not saved is shown as plainly active.
import type { DecidedRow, Explanation, Row, Standing } from '@paidonce/ledger/audit';
import { type Html, html } from '../../html.ts';
import { type Fact, facts, pairs } from '../components/boxes.ts';
import { duration, numberText } from '../components/format.ts';
import { money, time } from '../components/ids.ts';
import { membershipPill, pill, sourceMark, statePill } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';
import type { OrderPageData } from './order-data.ts';

const small = (text: Html | string | false | undefined): Html | false =>
  text !== false && text !== undefined && html` <small>${text}</small>`;

/** As a card above the columns. */
export function factsCard(context: PageContext, data: OrderPageData, rows: readonly Row[]): Html {
  return html`<section class="card" aria-label="${context.words.order.inShort}">${facts(factsOf(context, data, rows))}</section>
`;
}

/** Beside a review, which is what the page is about. */
export function factsPairs(context: PageContext, data: OrderPageData, rows: readonly Row[]): Html {
  return html`<section class="card"><header><h2>${context.words.order.inShort}</h2></header>${pairs(factsOf(context, data, rows))}</section>
`;
}

function factsOf(context: PageContext, data: OrderPageData, rows: readonly Row[]): readonly Fact[] {
  const { words, base, lang } = context;
  const { parts, order } = words;
  const { standing, memberId, plan } = data.explanation;
  const { memberOrders } = data;
  return [
    [parts.membership, membershipFact(context, data.explanation)],
    standing.placed && [parts.paid, paidFact(context, standing)],
    standing.grant && [parts.grantedBy, grantFact(context, standing)],
    [order.shop, shopFact(context, data, rows)],
    memberId !== undefined && [
      parts.member,
      html`<a href="${base}members/${encodeURIComponent(memberId)}">${memberId}</a>${small(
        memberOrders && parts.orders(memberOrders.count, `${numberText(lang, memberOrders.count)}${memberOrders.isMore ? '+' : ''}`),
      )}`,
    ],
    plan !== undefined && [order.plan, plan],
  ];
}

function membershipFact(context: PageContext, explanation: Explanation): Html {
  const { parts, order } = context.words;
  const { membership, isSaved, newest } = explanation.standing;
  if (isSaved) return html`${membershipPill(context, membership)}${small(newest && order.since(time(context, newest.at)))}`;
  const isActive = membership === 'active';
  const state = isActive ? pill('', 'ring', parts.activeOnceSaved) : membershipPill(context, membership, false);
  const isIn = shopLetsIn(explanation);
  return html`${state}${small(isIn === undefined ? undefined : isIn ? order.stillIn : isActive ? order.cannotGetIn : order.isOut)}`;
}

/**
 * Whether the member gets in at the shop by the last decision that it has saved. Undefined: the log does not say, since the shop has
 * lost what it had saved, or has a decision that the log does not have.
 */
function shopLetsIn({ entries, delivered }: Explanation): boolean | undefined {
  if (entries.some((entry) => entry.kind === 'delivered' && entry.sequence > delivered)) return undefined;
  if (delivered === 0) return false;
  const saved = entries.find((entry) => entry.kind === 'decided' && entry.sequence === delivered);
  return saved?.kind === 'decided' ? saved.decision === 'MembershipGranted' || saved.decision === 'MembershipRestored' : undefined;
}

function paidFact(context: PageContext, { placed, paidMinor, disputedMinor, refundedMinor }: Standing): Html {
  const { parts, order } = context.words;
  const currency = placed?.expected.currency ?? 'usd';
  const expected = parts.expectedMoney(money(context, placed?.expected.amountMinor ?? 0, currency));
  const back = [
    disputedMinor > 0 && order.disputedMoney(money(context, disputedMinor, currency)),
    refundedMinor > 0 && order.refundedMoney(money(context, refundedMinor, currency)),
  ].filter((part) => part !== false);
  return html`${money(context, paidMinor, currency)}${back.length > 0 ? back.map(small) : small(expected)}`;
}

function grantFact(context: PageContext, { grant, isSaved }: Standing): Html | undefined {
  const { order } = context.words;
  if (grant === undefined) return undefined;
  const { webhookAfterMs, rescued } = grant;
  const late = webhookAfterMs === undefined ? order.rescuedNever : order.rescuedLate(duration(context, webhookAfterMs));
  return html`${sourceMark(context, grant.source)}${small(rescued ? late : isSaved && time(context, grant.at))}`;
}

function shopFact(context: PageContext, { explanation }: OrderPageData, rows: readonly Row[]): Html | string {
  const { order } = context.words;
  const { sequence, delivered, standing } = explanation;
  if (sequence === 0) return order.nothingToSave;
  if (!standing.isSaved)
    return html`${statePill(context, 'undelivered')}${small(order.decisions(Math.min(delivered, sequence), sequence))}`;
  const newest = rows.findLast((row): row is Row & DecidedRow => row.kind === 'decided');
  const saved = newest?.delivery.saved;
  const about =
    sequence > 1 || saved === undefined ? order.decisions(sequence, sequence) : order.savedAfter(duration(context, saved.afterMs));
  return html`${pill('ok', 'ok', order.saved)}${small(about)}`;
}
