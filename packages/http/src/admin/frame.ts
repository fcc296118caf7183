// The frame of every page: search, navigation, footer, keys. Everything works without the script.
import { languages } from '../console-call.ts';
import { type Html, html } from '../html.ts';
import { scriptFile, styleSheet } from './assets.ts';
import { banner } from './components/boxes.ts';
import { duration, numberText, offsetText } from './components/format.ts';
import { dialog } from './components/forms.ts';
import { time } from './components/ids.ts';
import type { PageContext, PageView } from './page-context.ts';

const staleLists = 60_000;
const refreshSeconds = 30;

/** The whole page. */
export function frame(context: PageContext, { title, body, hasForms, find = '' }: PageView): string {
  const { lang, words, base } = context;
  return html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · PaidOnce</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${base}${styleSheet.name}">
<script src="${base}${scriptFile.name}" defer></script>
</head>
<body>
<a class="skip" href="#main">${words.frame.skip}</a>
${top(context, find)}
${navigation(context)}
<main id="main" tabindex="-1">
${lagBanner(context)}${body}
${footer(context, hasForms)}
</main>
${keys(context)}
</body>
</html>`.toString();
}

function top(context: PageContext, find: string): Html {
  const {
    words: { frame },
    base,
    actor,
    livemode,
  } = context;
  return html`<header class="top">
<a class="brand" href="${base}">PaidOnce${livemode !== undefined && html` <span class="mode">${livemode ? frame.live : frame.test}</span>`}</a>
<form class="find" role="search" action="${base}find" method="${context.findPosts ? 'post' : 'get'}">
<span class="i i-query"></span><input type="search" name="q" value="${find}" maxlength="400" autocomplete="off" spellcheck="false" aria-label="${frame.findLabel}" placeholder="${frame.findHint}"><kbd>/</kbd>
</form>
<div class="who"><span class="opt">${actor !== '' && frame.signedIn(html`<b>${actor}</b>`)}</span>${languageSwitch(context)}<button class="btn" type="button" command="show-modal" commandfor="keys">?<span class="vh"> ${frame.keys}</span></button></div>
</header>`;
}

function languageSwitch({ lang, words: { frame }, base, url }: PageContext): Html {
  const other = languages.find((each) => each !== lang) ?? 'en';
  return html`<form method="post" action="${base}preferences"><input type="hidden" name="back" value="${placeOf(url)}"><button class="link" name="lang" value="${other}" lang="${other}">${frame.otherLang}</button></form>`;
}

/** Where one is, below the mount: what a form sends along so that one comes back. */
function placeOf({ path, query }: PageContext['url']): string {
  return query.size === 0 ? path : `${path}?${query}`;
}

function navigation(context: PageContext): Html {
  const {
    words: { frame, parts },
  } = context;
  return html`<nav class="side" aria-label="${frame.console}">
<ul>${item(context, '', frame.overview, 'o')}${item(context, 'orders', frame.orders)}</ul>
<h2>${frame.work}</h2>
<ul>
${item(context, 'queues/reviews', parts.reviews, 'r')}
${item(context, 'queues/undelivered', parts.undelivered, 'd')}
${item(context, 'queues/awaiting', parts.awaiting)}
${item(context, 'queues/held', parts.held)}
${item(context, 'queues/suspended', parts.suspended)}
${item(context, 'queues/unreadable', parts.unreadable)}
</ul>${subscriptionList(context)}
<h2>${frame.watch}</h2>
<ul>${item(context, 'activity', frame.activity)}${item(context, 'runs', frame.runs)}${item(context, 'health', frame.health, 'h')}</ul>
</nav>`;
}

function subscriptionList(context: PageContext): Html | undefined {
  const { words, subscriptions } = context;
  if (subscriptions === undefined) return undefined;
  const { many, due, dunning } = words.subscription;
  const of = (path: string, text: string, { count }: { readonly count: number }): Html =>
    link(context, `subscriptions/${path}`, text, { count });
  return html`
<h2>${many}</h2>
<ul>${of('due', due, subscriptions.due)}${of('dunning', dunning, subscriptions.dunning)}</ul>`;
}

/** These need a person; the others wait for somebody else. */
const needsPerson: readonly string[] = ['reviews', 'undelivered', 'held', 'unreadable'];

function item(context: PageContext, path: string, text: string, key?: string): Html {
  const [, queue = ''] = path.split('/');
  const count = context.queues && Object.entries(context.queues).find(([name]) => name === queue)?.[1].count;
  return link(context, path, text, { count, key, hot: count !== undefined && count > 0 && needsPerson.includes(queue) });
}

function link(
  { lang, base, url }: PageContext,
  path: string,
  text: string,
  { count, key, hot = false }: { readonly count?: number | undefined; readonly key?: string | undefined; readonly hot?: boolean },
): Html {
  const isHere = url.path === path;
  return html`<li><a href="${base}${path}"${key && html` data-key="${key}"`}${isHere && html` aria-current="page"`}>${text}${
    count !== undefined && html` <span class="count${hot && ' hot'}">${numberText(lang, count)}</span>`
  }</a></li>`;
}

function lagBanner(context: PageContext): Html | undefined {
  const {
    words: { frame },
    lagMs,
  } = context;
  if (lagMs === undefined || lagMs <= staleLists) return undefined;
  if (Number.isFinite(lagMs))
    return banner({ tone: 'warn', icon: 'clock', title: frame.lagging(duration(context, lagMs)), body: frame.laggingText });
  return banner({ tone: 'warn', icon: 'clock', title: frame.notCaughtUp, body: frame.notCaughtUpText });
}

function footer(context: PageContext, hasForms: boolean): Html {
  const {
    words: { frame },
    lagMs,
    now,
    timeZone,
    base,
    url,
  } = context;
  const clock = time(context, new Date(now).toISOString(), 'second');
  // From the preferences themselves back to where one came from: an address in an address would grow with each click.
  const back = encodeURIComponent(url.path === 'preferences' ? (url.query.get('back') ?? '') : placeOf(url));
  return html`<footer class="foot">
<span>${lagMs !== undefined && Number.isFinite(lagMs) ? frame.asOf(clock, duration(context, lagMs)) : frame.asOfUnknown(clock)}</span>
<span>${frame.times(timeZone, offsetText(timeZone, now))} · <a class="noprint" href="${base}preferences?back=${back}">${frame.change}</a></span>
${refresh(context, hasForms)}
</footer>`;
}

function refresh({ words: { frame }, url }: PageContext, hasForms: boolean): Html {
  if (hasForms) return html`<span class="noprint">${frame.noRefresh}</span>`;
  const query = new URLSearchParams(url.query);
  const every = query.get('every');
  query.delete('every');
  if (every !== null)
    return html`<span class="noprint">${frame.refreshing(Number(every))} · <a href="?${String(query)}">${frame.stopRefresh}</a></span>`;
  query.set('every', String(refreshSeconds));
  return html`<a class="noprint" href="?${String(query)}">${frame.refresh(refreshSeconds)}</a>`;
}

function keys({ words: { frame, parts } }: PageContext): Html {
  const row = (pressed: readonly string[], what: string): Html =>
    html`<dt>${pressed.map((key, at) => html`${at > 0 && ' '}<kbd>${key}</kbd>`)}</dt><dd>${what}</dd>`;
  const list = html`<dl>${row(['/'], frame.find)}${row(['j', 'k'], frame.keyRows)}${row(['g', 'o'], frame.overview)}${row(['g', 'r'], parts.reviews)}${row(
    ['g', 'd'],
    parts.undelivered,
  )}${row(['g', 'h'], frame.health)}${row(['?'], frame.keyList)}</dl>`;
  return dialog('keys', frame.keys, list, frame.close);
}
