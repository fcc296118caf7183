// The periods of a subscription over time: a high bar is paid, one of half the height is grace, a thin line is held by a dispute, and
// what was given back is hatched.
import type { SubscriptionPeriod, SubscriptionView } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { dayText } from '../components/format.ts';
import type { PageContext } from '../page-context.ts';
import { label, picture, rounded } from './svg.ts';

type Drawn = SubscriptionPeriod & { readonly from: string; readonly to: string };

const height = 52;
const base = 30;
const leastSpan = 86_400_000;

/** Undefined: no period has a beginning and an end. @param periods the ones to draw, sorted by their beginning. */
export function periodsPicture(context: PageContext, view: SubscriptionView, periods: readonly SubscriptionPeriod[]): Html | undefined {
  const drawn = periods.filter((period): period is Drawn => period.from !== undefined && period.to !== undefined);
  const [first] = drawn;
  if (first === undefined) return undefined;
  const { now, words } = context;
  const grace = graceOf(view);
  const from = Math.min(...drawn.map((period) => Date.parse(period.from)));
  const ends = [...drawn.map((period) => period.to), ...(grace ? [grace.to] : [])].map(Date.parse);
  const to = Math.max(from + leastSpan, ...ends);
  const x = (iso: string | number): number =>
    rounded(((Math.min(Math.max(typeof iso === 'number' ? iso : Date.parse(iso), from), to) - from) / (to - from)) * 100);
  const bars = drawn.map((period) => periodBar(period.state, x(period.from), x(period.to)));
  const late =
    grace &&
    html`<rect class="warn" x="${x(grace.from)}%" width="${rounded(Math.max(0.5, x(grace.to) - x(grace.from)))}%" y="${base - 9}" height="9"/>`;
  const isNowShown = now > from && now < to;
  const today = isNowShown && html`<line class="limit" x1="${x(now)}%" x2="${x(now)}%" y1="2" y2="${base + 4}"/>`;
  const count = (state: SubscriptionPeriod['state']): number => drawn.filter((period) => period.state === state).length;
  const day = (ms: number): string => dayText(context, ms);
  const until = view.validUntil === undefined ? '–' : day(Date.parse(view.validUntil));
  const { periodsTitle, periodsFinding, today: word } = words.subscription;
  const marks = [label(day(from), 0, base + 18, 'start'), label(day(to), 100, base + 18, 'end')];
  const middle = isNowShown && x(now) > 25 && x(now) < 75 ? [label(word, x(now), base + 18)] : [];
  return picture(
    {
      id: 'pd',
      height,
      title: periodsTitle(view.subscriptionId, day(from), day(to)),
      finding: periodsFinding(count('paid'), count('held'), count('given_back'), until),
    },
    [
      hatch,
      html`<line class="base" x1="0%" x2="100%" y1="${base + 1}" y2="${base + 1}"/>`,
      ...bars,
      html`${late}${today}`,
      ...marks,
      ...middle,
    ],
  );
}

const hatch: Html = html`<defs><pattern id="pdx" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="bad" d="M0 0h2v6H0z"/></pattern></defs>`;

/** A gap of a hair tells one month from the next. */
function periodBar(state: SubscriptionPeriod['state'], start: number, end: number): Html {
  const place = html`x="${start}%" width="${rounded(Math.max(0.4, end - start - 0.3))}%"`;
  switch (state) {
    case 'paid':
      return html`<rect class="ok" ${place} y="${base - 18}" height="18"/>`;
    case 'held':
      return html`<rect class="warn" ${place} y="${base - 11}" height="4"/>`;
    case 'given_back':
      return html`<rect fill="url(#pdx)" ${place} y="${base - 18}" height="18"/>`;
    case 'open':
      return html`<rect class="mute" ${place} y="${base - 3}" height="3"/>`;
  }
}

/** While active, from the end of what is paid for to the end of access. */
function graceOf({ status, paidThrough, validUntil }: SubscriptionView): { readonly from: string; readonly to: string } | undefined {
  if (status !== 'active' || paidThrough === undefined || validUntil === undefined || validUntil <= paidThrough) return undefined;
  return { from: paidThrough, to: validUntil };
}
