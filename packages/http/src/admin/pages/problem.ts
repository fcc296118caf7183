// A page that says what went wrong, in the same frame, with box and navigation; and the preferences.

import { languages } from '../../console-call.ts';
import { type Html, html, type Insert } from '../../html.ts';
import { banner } from '../components/boxes.ts';
import { field, hidden } from '../components/forms.ts';
import type { PageContext, PageView } from '../page-context.ts';

export interface Problem {
  readonly status: number;
  /** One word of `a-z_`, as JSON has it. */
  readonly code: string;
  /** For the operator. Absent: the page has its own words. */
  readonly message?: Insert;
}

export function problemPage(context: PageContext, problem: Problem): PageView {
  const { words, base, actor } = context;
  const [title, text] = sentenceOf(context, problem);
  const body = html`<h1>${title}</h1>
${banner({
  tone: problem.status >= 500 ? 'bad' : 'warn',
  icon: problem.status >= 500 ? 'warn' : 'flag',
  title: problem.message ?? text,
  ...(problem.message === undefined ? {} : { body: text }),
  ...(actor === '' ? {} : { acts: html`<a class="btn" href="${base}">${words.problems.toOverview}</a>` }),
})}`;
  return { title, body, hasForms: true };
}

/** The heading, and what to do now. */
function sentenceOf({ words: { problems } }: PageContext, { status, code }: Problem): readonly [string, string] {
  switch (code) {
    case 'needs_repair':
      return [problems.refused, problems.mayNotRepair];
    case 'needs_money':
      return [problems.refused, problems.mayNotMoney];
    case 'needs_read':
      return [problems.refused, problems.refusedText];
    case 'unsupported_media_type':
      return [problems.badRequest, problems.needsWebForm];
    default:
      return ofStatus(problems, status);
  }
}

function ofStatus(problems: PageContext['words']['problems'], status: number): readonly [string, string] {
  const known: Readonly<Record<number, readonly [string, string]>> = {
    401: [problems.refused, problems.refusedText],
    403: [problems.refused, problems.otherSite],
    404: [problems.notFound, problems.notFoundText],
    405: [problems.badRequest, problems.noMethod],
    409: [problems.conflict, problems.notFoundText],
    413: [problems.tooLong, problems.tooLongText],
    422: [problems.invalid, problems.conflict],
    503: [problems.unavailable, problems.unavailableText],
  };
  return known[status] ?? (status >= 500 ? [problems.failed, problems.failedText] : [problems.badRequest, problems.conflict]);
}

/** Offered in the list; any other zone that the runtime knows can be typed. */
const zones: readonly string[] = [
  'UTC',
  'Asia/Taipei',
  'Asia/Hong_Kong',
  'Asia/Tokyo',
  'Asia/Singapore',
  'Asia/Kolkata',
  'Australia/Sydney',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Chicago',
  'America/Los_Angeles',
  'America/Sao_Paulo',
];
const langNames = { en: 'English', 'zh-TW': '繁體中文' } as const;

/** @param back where one came from, below the mount; the POST checks it. */
export function preferencesPage(context: PageContext, { back }: { readonly back: string }): PageView {
  const { words, lang, timeZone, base } = context;
  const { preferences } = words;
  const options = (): Html => html`<datalist id="zones">${zones.map((zone) => html`<option value="${zone}"></option>`)}</datalist>`;
  const zone = field({
    id: 'tz',
    name: 'tz',
    label: preferences.timeZone,
    value: timeZone,
    hint: preferences.timeZoneHint,
    isRequired: true,
    maxLength: 64,
    list: 'zones',
  });
  const language = html`<div class="field"><label for="lang">${preferences.language}</label><select id="lang" name="lang">${languages.map(
    (each) => html`<option value="${each}" lang="${each}"${each === lang && html` selected`}>${langNames[each]}</option>`,
  )}</select></div>`;
  const body = html`<div><h1>${preferences.title}</h1><p class="why">${preferences.about}</p></div>
<form class="card form" method="post" action="${base}preferences">${hidden('back', back)}${zone}${options()}${language}<p class="acts"><button class="btn main">${preferences.save}</button></p></form>`;
  return { title: preferences.title, body, hasForms: true };
}
