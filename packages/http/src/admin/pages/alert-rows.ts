// The open alerts as a table: since when, what, and what to do.
import { type Html, html } from '../../html.ts';
import { card } from '../components/boxes.ts';
import { age, duration, numberText } from '../components/format.ts';
import { ago, time } from '../components/ids.ts';
import { narrow, sub, table } from '../components/lists.ts';
import { pill } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';
import type { OpenAlert } from './alerts.ts';

export type { OpenAlert } from './alerts.ts';

export function alertsCard(context: PageContext, alerts: readonly OpenAlert[]): Html {
  const { health, parts } = context.words;
  const rows = alerts.map((alert) => {
    const { mark, about, todo } = textOf(context, alert);
    const since =
      'since' in alert && alert.since !== undefined ? html`${time(context, alert.since)}${sub(ago(context, alert.since))}` : '–';
    const kind = html`<code class="id">${alert.kind}</code>`;
    return [since, html`${mark} ${sub(html`${about} · ${kind}`)}${narrow(todo)}`, todo];
  });
  const columns = [{ head: parts.since, also: 'soft' }, { head: health.what }, { head: health.whatToDo, isWide: true, also: 'prose' }];
  return card(health.alerts, table(columns, rows), { kind: 'flush', aside: health.whileItLasts });
}

interface AlertText {
  readonly mark: Html;
  readonly about: string;
  readonly todo: Html;
}

function textOf(context: PageContext, alert: OpenAlert): AlertText {
  const { words, lang, base } = context;
  const { health, parts } = words;
  const link = (path: string, text: string): Html => html`<a href="${base}${path}">${text}</a>`;
  const command = (text: string): Html => html`<code class="id">${text}</code>`;
  switch (alert.kind) {
    case 'delivery_failing':
    case 'delivery_abandoned': {
      const about = health.decisions(alert.count, numberText(lang, alert.count), age(context, alert.since));
      return alert.kind === 'delivery_failing'
        ? { mark: pill('bad', 'warn', parts.undelivered), about, todo: health.fixDeliver(link('queues/undelivered', health.deliverAll)) }
        : { mark: pill('bad', 'x', health.stopped), about, todo: health.findOut(link('queues/undelivered', health.deliverThem)) };
    }
    case 'review_opened':
    case 'object_not_understood': {
      const text = numberText(lang, alert.count);
      const oldest = age(context, alert.since);
      return alert.kind === 'review_opened'
        ? {
            mark: pill('warn', 'flag', parts.reviews),
            about: health.reviewsWait(alert.count, text, oldest),
            todo: health.decide(link('queues/reviews', health.resolve)),
          }
        : {
            mark: pill('warn', 'query', parts.unreadable),
            about: health.objects(alert.count, text, oldest),
            todo: health.upgrade(link('queues/unreadable', health.recheckThem)),
          };
    }
    case 'webhook_missed':
      return {
        mark: pill('warn', 'bolt', health.missed),
        about: health.missedText(alert.count, numberText(lang, alert.count)),
        todo: health.checkEndpoint(command('npx paidonce-stripe doctor')),
      };
    case 'poll_failing':
      return {
        mark: pill('warn', 'poll', parts.poll),
        about: health.late(duration(context, alert.lateMs)),
        todo: health.checkEndpoint(command('npx paidonce-stripe doctor')),
      };
    case 'expiry_blind':
      return {
        mark: pill('bad', 'clock', words.subscription.due),
        about: health.membershipsDue(alert.count, numberText(lang, alert.count), age(context, alert.since)),
        todo: health.letPoll(link('subscriptions/due', health.dueOnes)),
      };
    case 'clock_doubtful':
      return {
        mark: pill('warn', 'clock', health.clockDoubtful),
        about: health.doubtful(alert.count, numberText(lang, alert.count)),
        todo: html`${health.findClock}`,
      };
    case 'reads_throttled':
      return { mark: pill('warn', 'poll', health.readsSpent), about: '0', todo: health.raiseReads(command('poll.readsPer30Days')) };
    case 'read_models_stuck':
      return {
        mark: pill('warn', 'clock', health.listsBehind),
        about: Number.isFinite(alert.lagMs) ? duration(context, alert.lagMs) : health.notCaughtUp,
        todo: health.verify(command('npx paidonce verify')),
      };
  }
}
