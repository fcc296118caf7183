// An order as plain text, to copy into a ticket: why, facts, ids with their addresses at Stripe, and the rows of the timeline. Ids and
// amounts only, as everywhere in the log.
import { headlineOf, rowsOf, rowText, sentenceText, whyText } from '@paidonce/ledger/audit';
import { moneyText } from '../components/format.ts';
import { stripeUrl } from '../components/ids.ts';
import { sourceText } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';
import { stripeIdsIn } from './order-at-stripe.ts';
import type { OrderPageData } from './order-data.ts';
import { pageTime } from './order-head.ts';

/** Rows of a ticket: the newest. */
const rowsShown = 50;

export function orderTicket(context: PageContext, data: OrderPageData): string {
  const { words, lang } = context;
  const { parts, order } = words;
  const { explanation, orderId } = data;
  const { standing, memberId, plan, sequence, delivered } = explanation;
  const { placed } = standing;
  const at = pageTime(context, data);
  const time = (iso: string): string => `${iso.slice(0, 19)}Z`;
  const fact = (what: string, value: string | undefined | false): string => (value ? `${what}: ${value}` : '');
  const currency = placed?.expected.currency ?? '';
  const money = (amountMinor: number): string => moneyText(lang, amountMinor, currency);
  const facts = [
    fact(parts.membership, standing.isSaved ? parts[explanation.membership] : parts.undelivered),
    fact(parts.paid, placed && `${money(standing.paidMinor)} / ${parts.expected} ${money(placed.expected.amountMinor)}`),
    fact(parts.grantedBy, standing.grant && `${sourceText(context, standing.grant.source)}, ${time(standing.grant.at)}`),
    fact(order.shop, sequence > 0 ? order.decisions(delivered, sequence) : order.nothingToSave),
    fact(parts.member, memberId),
    fact(order.plan, plan),
  ].filter((line) => line !== '');
  const place = placed && { account: placed.account, livemode: placed.livemode };
  const { payments, refunds, disputes, checkouts } = stripeIdsIn(explanation.entries);
  const ids = [...payments, ...refunds, ...disputes, ...checkouts].map((id) =>
    [id, place && stripeUrl(id, place)].filter(Boolean).join(' '),
  );
  const rows = rowsOf(explanation.entries)
    .slice(-rowsShown)
    .map((row) => {
      const { title, detail, reason, below } = rowText(row, lang);
      const said = [title, ...(detail ? [detail] : []), ...below.map(({ head }) => head)].map((sentence) => sentenceText(sentence, time));
      return `${time(row.at)}  ${said.join(' | ')}${reason === undefined ? '' : ` "${reason}"`}`;
    });
  const heading = `${order.title(orderId)}: ${parts[headlineOf(standing, at)]} (${time(at)})`;
  return `${[heading, sentenceText(whyText(standing, lang, at), time), '', ...facts, '', ...ids, '', ...rows].join('\n')}\n`;
}
