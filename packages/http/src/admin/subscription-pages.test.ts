// The pages of a ledger that keeps subscriptions as a browser gets them: their structure in both languages, their weight, and what
// no page may have.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Language } from '../console-call.ts';
import { paymentConsole } from '../fetch.ts';
import { fakeConsole } from './fake-console.test-support.ts';
import { outlineOf } from './outline.test-support.ts';
import { type LiveSubscriptions, liveSubscriptions, subscriptionPages, tellShop } from './subscriptions.test-support.ts';

let world: LiveSubscriptions;
let handler: (request: Request) => Promise<Response>;
beforeAll(async () => {
  world = liveSubscriptions();
  await tellShop(world);
  handler = paymentConsole({ payments: { ...fakeConsole().payments, ledger: world.ledger }, authenticate: () => ({ actor: 'sup-3' }) });
});
afterAll(() => world.ledger[Symbol.asyncDispose]());

async function pageAt(path: string, lang: Language): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { accept: 'text/html', cookie: `paidonce_lang=${lang}; paidonce_tz=Asia/Taipei` };
  const response = await handler(new Request(`http://shop.example/admin/payments/${path}`, { headers }));
  return { status: response.status, text: await response.text() };
}

describe.each(['en', 'zh-TW'] as const)('in %s', (lang) => {
  test.each(subscriptionPages)('%s has its headings, links, columns, fields and findings', async (path) => {
    const page = await pageAt(path, lang);
    expect(page.status).toBe(200);
    expect(outlineOf(page.text)).toMatchSnapshot();
  });
  test.each(subscriptionPages)('%s weighs at most 30 KB', async (path) => {
    expect(Buffer.byteLength((await pageAt(path, lang)).text)).toBeLessThanOrEqual(30 * 1_024);
  });
});

describe.each(subscriptionPages)('%s', (path) => {
  test('has one heading of the first level, each id once, no style, and only relative addresses of its own', async () => {
    const { text } = await pageAt(path, 'en');
    expect(text.match(/<h1/g)).toHaveLength(1);
    const ids = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(text).not.toMatch(/ style=|<style| on[a-z]+="|<script>/);
    for (const [, url = ''] of text.matchAll(/ (?:href|action|src)="([^"]*)"/g))
      expect(url).toMatch(/^(?:\.{1,2}\/|\?|#|payments\/|data:,$|https:\/\/dashboard\.stripe\.com\/)/);
  });
});

test('a decision is delivered again where the shop does not have it, and nowhere else', async () => {
  const [saved, unsaved] = [await pageAt('subscriptions/club-7', 'en'), await pageAt('subscriptions/unsaved-1', 'en')];
  expect(saved.text).not.toContain('/redeliver"');
  expect(saved.text).toMatch(/Your shop has saved decision \d+, so there is nothing to deliver/);
  expect(unsaved.text).toContain('/redeliver"');
  expect(unsaved.text).not.toContain('nothing to deliver');
});

test('from a form that came back, language and zone lead to the page of its subscription', async () => {
  const request = new Request('http://shop.example/admin/payments/subscriptions/unsaved-1/redeliver', {
    method: 'POST',
    body: new URLSearchParams({ seenRevision: '1' }),
    headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' },
  });
  const answer = await handler(request);
  const page = await answer.text();
  expect([answer.status, /name="back" value="([^"]*)"/.exec(page)?.[1]]).toEqual([422, 'subscriptions/unsaved-1']);
  expect(page).toContain('preferences?back=subscriptions%2Funsaved-1"');
});
