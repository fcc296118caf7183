// The share of rescued grants: number, bar, bars by day, and a verdict in words.
import type { Statistics } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { numberText, percentText } from '../components/format.ts';
import { pill } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';
import { dayOf, daysText } from './days.ts';
import { bars, fill, line, patterns, percentages, picture, rounded, slot } from './svg.ts';
import { grantsIn, type Recent, rescuedIn, type Verdict } from './verdict.ts';

export function rescuedPicture(context: PageContext, days: Statistics['days'], verdict: Verdict): Html {
  const { lang, words } = context;
  const all = days.reduce((sum, day) => sum + grantsIn(day), 0);
  const count = days.reduce((sum, day) => sum + rescuedIn(day), 0);
  return html`<p class="big">${percentText(context, all === 0 ? 0 : count / all)} <small>${words.pictures.rescuedOf(numberText(lang, count), numberText(lang, all))}</small></p>
${shareBar(context, days, all)}
<div class="tight"><p class="small soft">${words.pictures.rescuedAbout}</p>
${byDay(context, days)}
${verdictText(context, verdict, count)}</div>`;
}

function shareBar(context: PageContext, days: Statistics['days'], all: number): Html {
  const { lang, words } = context;
  const poll = days.reduce((sum, { rescued }) => sum + rescued.poll, 0);
  const query = days.reduce((sum, { rescued }) => sum + rescued.status_query, 0);
  const rest = all - poll - query;
  const [restShare = 0, pollShare = 0, queryShare = 0] = percentages([rest, poll, query]);
  const parts = [
    ['webhook', 0, restShare],
    ['poll', restShare, pollShare],
    ['query', restShare + pollShare, queryShare],
  ] as const;
  const drawn = parts
    .filter(([, , width]) => width > 0)
    .map(([source, x, width]) => html`<rect ${fill('rs', source)} x="${rounded(x)}%" width="${width}%" y="1" height="12"/>`);
  const finding = words.pictures.shareFinding(numberText(lang, rest), numberText(lang, poll), numberText(lang, query));
  return picture({ id: 'rs', height: 14, title: words.pictures.shareTitle, finding }, [patterns('rs'), ...drawn]);
}

function byDay(context: PageContext, days: Statistics['days']): Html {
  const { lang, words } = context;
  const counts = days.map(rescuedIn);
  const most = Math.max(0, ...counts);
  const at = counts.indexOf(most);
  const others = Math.max(0, ...counts.toSpliced(at, 1));
  const finding =
    most === 0
      ? words.pictures.rescuedNone
      : words.pictures.rescuedFinding(numberText(lang, most), dayOf(context, days[at]?.day ?? ''), numberText(lang, others));
  const drawn = counts.flatMap((count, place) =>
    count === 0 ? [] : [{ tone: 'poll', place: slot(place, counts.length), height: (count / most) * 48 }],
  );
  return picture({ id: 'rd', height: 52, title: words.pictures.rescuedTitle, finding }, [...bars(50, drawn), line('base', 51)]);
}

function verdictText(context: PageContext, verdict: Verdict, count: number): Html {
  const { lang, words, base } = context;
  const link = html`<a href="${base}health">${words.pictures.endpoint}</a>`;
  switch (verdict.kind) {
    case 'too_few':
      return html`<p>${pill('', 'ring', words.pictures.tooFew)}</p>`;
    case 'failing_now':
      return html`<p>${pill('bad', 'warn', words.pictures.failingNow)}</p><p class="small">${words.pictures.failingNowText} ${link}</p>`;
    case 'failed': {
      const text = words.pictures.failedText(numberText(lang, verdict.count), numberText(lang, count), verdict.days.length);
      return html`<p>${pill('warn', 'warn', words.pictures.failedOn(daysText(context, verdict.days)))}</p><p class="small">${text} ${verdict.since && recentText(context, verdict.since)} ${link}</p>`;
    }
    case 'quiet':
      // A young shop has no weeks before: then nobody knows what is usual.
      if (verdict.isUsual === undefined)
        return html`<p>${pill('', 'ring', words.pictures.nothingBefore)}</p><p class="small">${recentText(context, verdict)}</p>`;
      return verdict.isUsual === false
        ? html`<p>${pill('warn', 'warn', words.pictures.moreThanUsual)}</p><p class="small">${recentText(context, verdict)} ${link}</p>`
        : html`<p>${pill('ok', 'ok', words.pictures.asUsual)}</p><p class="small">${recentText(context, verdict)}</p>`;
  }
}

function recentText(context: PageContext, { from, share, isUsual }: Recent): string {
  const { pictures } = context.words;
  const sentence = isUsual === undefined ? pictures.sinceThen : isUsual ? pictures.usual : pictures.unusual;
  return sentence(dayOf(context, from), percentText(context, share));
}
