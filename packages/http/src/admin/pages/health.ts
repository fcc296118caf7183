// Health: what is broken, since when, and what to do; webhooks by account; the poll; this process.
import type { AccountHealth, Latency } from '@paidonce/ledger';
import type { PollHealth, TierHealth } from '@paidonce/stripe-adapter';
import { type Html, html } from '../../html.ts';
import { barsPicture, hoursPicture } from '../charts/bars.ts';
import { dayOf } from '../charts/days.ts';
import { card, nothing, pairs } from '../components/boxes.ts';
import { duration, numberText } from '../components/format.ts';
import { ago, id } from '../components/ids.ts';
import { sub, table } from '../components/lists.ts';
import { pill } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { alertsCard, type OpenAlert } from './alert-rows.ts';
import type { AlertFacts } from './alerts.ts';
import { untilText } from './undelivered.ts';

export interface HealthData extends AlertFacts {
  readonly alerts: readonly OpenAlert[];
  /** From the decision to the shop, in 30 days. */
  readonly saved: Latency;
  readonly undelivered: number;
  /** How long a strong read took, in milliseconds. */
  readonly storeMs: number;
  /** Whether this process has a `deliver`, of orders or of subscriptions. */
  readonly delivers: boolean;
}

export function healthPage(context: PageContext, data: HealthData): PageView {
  const { words, lang } = context;
  const { health } = words;
  const { alerts, accounts, poll } = data;
  const open =
    alerts.length === 0 ? health.allWell : health.alertsOpen(alerts.length, html`<strong>${numberText(lang, alerts.length)}</strong>`);
  const body = html`<div class="head"><div><h1>${words.frame.health}</h1><p class="why">${open} ${diagnosis(context, data)}</p></div></div>
${alerts.length > 0 && alertsCard(context, alerts)}<section class="stackv" aria-labelledby="wh"><div class="head"><h2 id="wh">${health.accounts}</h2><p class="small soft">${health.accountsAbout}</p></div>
${
  accounts.length === 0
    ? nothing(health.noAccount)
    : html`<div class="small-multiples">
${accounts.map((account, at) => accountCard(context, account, at))}</div>`
}</section>
${poll && html`${pollCard(context, poll.tiers)}`}<div class="grid c3">
${poll && readsCard(context, poll)}${deliveriesCard(context, data)}${processCard(context, data)}</div>`;
  return { title: words.frame.health, body, hasForms: false };
}

/** The one sentence that a person who was woken needs first. */
function diagnosis({ words: { health } }: PageContext, { alerts, accounts }: HealthData): string | undefined {
  const has = (kind: OpenAlert['kind']): boolean => alerts.some((alert) => alert.kind === kind);
  if (has('webhook_missed')) return health.webhooksMissing;
  const webhooksCame = accounts.some(({ hours }) => hours.slice(-3).some(({ webhooks }) => webhooks > 0));
  return has('delivery_failing') && webhooksCame ? health.webhooksArrive : undefined;
}

function accountCard(context: PageContext, account: AccountHealth, at: number): Html {
  const { words, lang } = context;
  const { health } = words;
  const all = account.hours.reduce((sum, { webhooks }) => sum + webhooks, 0);
  const quiet = account.hours.filter(({ webhooks, missed }) => webhooks === 0 && missed > 0).length;
  const finding = health.hoursFinding(numberText(lang, all), quiet);
  const { p50Ms, p95Ms } = account.latency;
  const latency = p50Ms === undefined || p95Ms === undefined ? '–' : `${duration(context, p50Ms)} / ${duration(context, p95Ms)}`;
  return html`<div class="card tight"><div class="head"><h3>${id(context, account.account)}</h3><span class="small soft">${health.mode(account.livemode)}</span></div>${hoursPicture({ id: `w${at}`, title: health.hoursTitle(account.account), finding }, account.hours)}
<dl class="three"><div><dt>${health.last}</dt><dd>${account.lastWebhookAt === undefined ? health.never : ago(context, account.lastWebhookAt)}</dd></div><div><dt>p50 / p95</dt><dd>${latency}</dd></div><div><dt>${health.missedShort}</dt><dd${account.missed > 0 && html` class="warn"`}>${numberText(lang, account.missed)}</dd></div></dl></div>
`;
}

function pollCard(context: PageContext, tiers: readonly TierHealth[]): Html {
  const { words } = context;
  const { health } = words;
  const abouts: Readonly<Record<TierHealth['tier'], string>> = {
    events: health.events,
    'events-billing': health.billingEvents,
    objects: health.objectsTier,
    invoices: health.invoicesTier,
    money: health.money,
    subscriptions: health.subscriptionsTier,
    due: health.dueTier,
  };
  const several = new Set(tiers.map(({ account, livemode }) => `${account} ${livemode}`)).size > 1;
  const rows = tiers.map((tier) => [
    html`<b class="id">${tier.tier}</b>${sub(several ? tier.account : abouts[tier.tier])}`,
    tierPill(context, tier),
    tier.upTo === undefined ? '–' : ago(context, tier.upTo),
    tier.dueAt === undefined ? '–' : untilText(context, tier.dueAt),
  ]);
  const columns = [
    { head: health.tier },
    { head: health.state },
    { head: health.readUpTo, isNumber: true },
    { head: health.next, isNumber: true, isWide: true },
  ];
  return card(health.poll, rows.length === 0 ? nothing(health.noAccount) : table(columns, rows), {
    kind: 'flush',
    aside: health.pollAbout,
  });
}

function tierPill(context: PageContext, { isNeeded, lateMs }: TierHealth): Html {
  const { health } = context.words;
  if (!isNeeded) return pill('', 'ring', health.nothingToDo);
  return lateMs > 0 ? pill('warn', 'clock', health.late(duration(context, lateMs))) : pill('ok', 'ok', health.onTime);
}

function readsCard(context: PageContext, { reads: { allowed, left, days } }: PollHealth): Html {
  const { words, lang, now } = context;
  const { health, parts } = words;
  const first = new Date(now - 29 * 86_400_000).toISOString().slice(0, 10);
  const counts = Array.from({ length: 30 }, (_, at) => {
    const day = new Date(Date.parse(first) + at * 86_400_000).toISOString().slice(0, 10);
    return { day, reads: days.find((each) => each.day === day)?.reads ?? 0 };
  });
  const all = counts.reduce((sum, { reads }) => sum + reads, 0);
  const [most] = counts.toSorted((a, b) => b.reads - a.reads);
  const finding =
    all === 0 || most === undefined
      ? health.readsNone
      : health.readsFinding(numberText(lang, all), dayOf(context, most.day), numberText(lang, most.reads));
  const perDay = counts.slice(-7).reduce((sum, { reads }) => sum + reads, 0) / 7;
  const lasts = left === undefined || perDay === 0 ? undefined : parts.days(Math.max(0, Math.floor(left / perDay)));
  const head =
    left !== undefined && html`<p class="big">${numberText(lang, Math.max(0, left))} <small>${health.readsLeft(lasts)}</small></p>`;
  const picture = barsPicture(
    { id: 'rb', title: health.readsTitle, finding },
    counts.map(({ reads }) => reads),
    'poll',
  );
  return card(health.reads, html`${head}${picture}<p class="small soft">${health.readsAt0}</p>`, {
    aside: health.readsAbout(numberText(lang, allowed)),
  });
}

function deliveriesCard(context: PageContext, { saved, undelivered }: HealthData): Html {
  const { words, lang } = context;
  const { health, pictures } = words;
  const { p50Ms, p95Ms, p99Ms, buckets } = saved;
  const isKnown = p50Ms !== undefined && p95Ms !== undefined && p99Ms !== undefined;
  const text = isKnown
    ? pictures.latencyFinding(duration(context, p50Ms), duration(context, p95Ms), duration(context, p99Ms))
    : pictures.latencyNone;
  return card(
    health.deliveries,
    html`<p class="big">${numberText(lang, buckets[0] ?? 0)} <small>${health.savedWithinSecond(numberText(lang, undelivered))}</small></p><p class="small soft">${text}</p>`,
    { aside: health.deliveriesAbout },
  );
}

function processCard(context: PageContext, { lagMs, storeMs, delivers }: HealthData): Html {
  const { health } = context.words;
  return card(
    health.process,
    pairs([
      [health.lists, Number.isFinite(lagMs) ? duration(context, lagMs) : health.notCaughtUp],
      [health.store, pill('ok', 'ok', health.answers(duration(context, storeMs)))],
      [health.delivers, delivers ? health.yes : health.no],
    ]),
  );
}
