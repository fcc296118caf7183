// The overview before the first order or subscription: what is still to be done, and with which command.

import { html } from '../../html.ts';
import { card, nothing, type Step, steps } from '../components/boxes.ts';
import type { PageContext, PageView } from '../page-context.ts';

export function emptyPage(context: PageContext): PageView {
  const { words } = context;
  const { overview, parts, pictures, frame } = words;
  const command = (text: string): ReturnType<typeof html> => html`<pre tabindex="0">${text}</pre>`;
  const code = (text: string): ReturnType<typeof html> => html`<code class="id">${text}</code>`;
  const list: readonly Step[] = [
    { isDone: true, title: overview.storeStep, body: html`<p class="small soft">${overview.storeText}</p>` },
    {
      isDone: false,
      title: overview.stripeStep,
      body: html`<p class="small">${overview.stripeText}</p>${command('npx paidonce-stripe doctor')}`,
    },
    {
      isDone: false,
      title: overview.webhookStep,
      body: html`<p class="small">${overview.webhookText(code('/webhooks/stripe'))}</p>${command('npx paidonce-stripe doctor')}`,
    },
    {
      isDone: false,
      title: overview.orderStep,
      body: html`<p class="small">${overview.orderText(code('payments.startCheckout(…)'))}</p>${command('npx paidonce-stripe sandbox --port 12111')}`,
    },
    { isDone: false, title: overview.grantStep, body: html`<p class="small soft">${overview.grantText}</p>` },
  ];
  const done = list.filter(({ isDone }) => isDone).length;
  const here = [
    [parts.reviews, overview.hereReviews],
    [parts.undelivered, overview.hereUndelivered],
    [pictures.grants, overview.hereGrants],
    [frame.find, overview.hereFind(html`<kbd>/</kbd>`)],
  ] as const;
  const body = html`<div class="head"><div><h1>${overview.readyTitle}</h1><p class="why">${overview.ready}</p></div></div>
<div class="grid c21">${card(overview.steps, steps(list, parts), { aside: overview.stepsDone(done, list.length) })}${card(
    overview.here,
    html`<dl class="tight small">${here.map(([what, text]) => html`<div><dt><b>${what}</b></dt><dd class="soft">${text}</dd></div>`)}</dl>`,
  )}</div>
${card(frame.orders, nothing(overview.noOrders), { kind: 'flush' })}`;
  return { title: frame.overview, body, hasForms: false };
}
