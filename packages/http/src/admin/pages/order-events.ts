// Every event of an order, one by one: stream and revision, both clocks, and what is stored, which is ids and amounts only.
import { readOrderEvent, type StoredEvent } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { localDay } from '../components/format.ts';
import { time } from '../components/ids.ts';
import type { PageContext } from '../page-context.ts';
import { rowTime } from './order-timeline.ts';

export function eventList(context: PageContext, history: readonly StoredEvent[]): Html {
  let day = '';
  return html`<ol class="tl" id="t">
${history.map((stored) => {
  const at = recordedAt(stored);
  const today = localDay(context.timeZone, Date.parse(at));
  const item = eventItem(context, stored, today !== day);
  day = today;
  return item;
})}</ol>`;
}

export function recordedAt({ metadata }: StoredEvent): string {
  return metadata['recordedAt'] ?? '';
}

function eventItem(context: PageContext, stored: StoredEvent, isNewDay: boolean): Html {
  const { order } = context.words;
  const { type, data } = readOrderEvent(stored);
  const provider = type === 'PaymentObserved' ? data.asOf : undefined;
  const instance = stored.metadata['instance'];
  return html`<li>${rowTime(context, recordedAt(stored), isNewDay)}<span class="node dot" aria-hidden="true"></span><div><p class="t"><code class="id">${stored.type}</code></p><p class="d"><code class="id">${stored.stream}@${stored.revision}</code> · ${order.recorded} ${time(context, recordedAt(stored), 'second')}${
    provider !== undefined && html` · ${order.atStripe} ${time(context, provider, 'second')}`
  }${instance && html` · ${order.process} <code class="id">${instance}</code>`}</p><details><summary>${order.raw}</summary><pre class="whole">${JSON.stringify(stored.data, undefined, 1)}</pre></details></div></li>
`;
}
