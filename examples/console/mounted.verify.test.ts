// The console where a host has put it: behind a proxy that strips a prefix, and inside servers with their own policy and parsers. All
// links work, and a form does what it says.
import { createServer, request } from 'node:http';
import { paymentAdminPlugin } from '@paidonce/http';
import { nodeHandler, paymentConsole } from '@paidonce/http/fetch';
import Fastify from 'fastify';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  buy,
  hasChromium,
  listening,
  openBrowser,
  openWorld,
  paidTooLittle,
  password,
  sitDown,
  type World,
} from './console.test-support.ts';

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await openBrowser();
});
afterAll(() => browser?.close());

/** `/ops/…` outside is `/admin/payments/…` inside, and nothing else is reached. The host's name stays the public one. */
function stripping(world: World): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const path = /^\/ops(\/.*|\?.*|$)/.exec(incoming.url ?? '')?.[1];
    if (path === undefined) return void outgoing.writeHead(404).end();
    const { method, headers } = incoming;
    const inner = request(`${world.url}/admin/payments${path}`, { method: method ?? 'GET', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    inner.on('error', () => outgoing.destroy());
    incoming.pipe(inner);
  });
  return listening(proxy).then((url) => `${url}/ops/`);
}

/** A host on Fastify whose pages have a policy of their own, and which parses JSON and forms in its own way. */
async function insideHost({ shop }: World): Promise<string> {
  const app = Fastify();
  app.addHook('onSend', async (_request, reply, payload) => {
    void reply.header('content-security-policy', "default-src 'none'; sandbox");
    return payload;
  });
  app.removeContentTypeParser('application/json');
  for (const type of ['application/json', 'application/x-www-form-urlencoded'])
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, _body, done) => done(null, { parsed: 'by the host' }));
  await app.register(paymentAdminPlugin, { payments: shop().payments, authenticate: () => ({ actor: 'sup-3' }), path: '/back/office' });
  onTestFinished(() => app.close());
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/back/office/`;
}

/** A host on Node's own requests, whose parser has read the form before us, as `express.urlencoded()` does. */
async function afterParser({ shop }: World): Promise<string> {
  const handler = nodeHandler(
    paymentConsole({ payments: shop().payments, authenticate: () => ({ actor: 'sup-3' }), path: '/back/office' }),
  );
  const server = createServer(async (incoming, outgoing) => {
    outgoing.setHeader('content-security-policy', "default-src 'none'; sandbox");
    const bytes: Buffer[] = [];
    if (incoming.method === 'POST') {
      for await (const piece of incoming) bytes.push(piece as Buffer);
      Object.assign(incoming, { body: Object.fromEntries(new URLSearchParams(Buffer.concat(bytes).toString())) });
    }
    await handler(incoming, outgoing);
  });
  return `${await listening(server)}/back/office/`;
}

const authorization = `Basic ${Buffer.from(`sup-3:${password}`).toString('base64')}`;
const asBrowser = { authorization, accept: 'text/html' };

/** Follows every link and file of every page below the mount. Answers what does not work. */
async function broken(base: string): Promise<{ readonly pages: number; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const seen = new Set([base]);
  for (const url of seen) {
    const answer = await fetch(url, { headers: asBrowser });
    if (answer.status !== 200) problems.push(`${answer.status} ${url}`);
    if (!answer.url.startsWith(base) && answer.url !== base.slice(0, -1)) problems.push(`left for ${answer.url}`);
    if (answer.headers.get('content-type')?.startsWith('text/html') !== true) continue;
    if (!answer.headers.get('content-security-policy')?.includes("style-src 'self'")) problems.push(`policy of ${url}`);
    const html = await answer.text();
    for (const [, href = ''] of html.matchAll(/<(?:a|link|script)\b[^>]*\s(?:href|src)="([^"]*)"/g)) {
      const to = new URL(href.replaceAll(/&#38;|&amp;/g, '&'), answer.url);
      to.hash = '';
      // The stop and go of a refresh, and the pages of one list, are the same page.
      if (to.origin === new URL(base).origin && !to.searchParams.has('every')) seen.add(to.href);
    }
  }
  return { pages: seen.size, problems };
}

const mounts = {
  'behind a proxy that strips /ops': stripping,
  'inside a host on Fastify': insideHost,
  'after a parser of the host': afterParser,
};

describe.for(Object.entries(mounts))('%s', ([, mount]) => {
  test('all links work', async () => {
    const world = await openWorld();
    await buy(world, 'm-1');
    await paidTooLittle(world, 'o-7');
    const base = await mount(world);
    await expect.poll(async () => (await fetch(`${base}queues/reviews`, { headers: asBrowser })).text()).toContain('o-7');
    const { pages, problems } = await broken(base);
    expect(problems).toEqual([]);
    expect(pages).toBeGreaterThan(25);
  });

  test.skipIf(!hasChromium)('a review is resolved, and the language is switched', async () => {
    const world = await openWorld();
    await paidTooLittle(world, 'o-7');
    const base = await mount(world);
    const { page, see, complaints } = await sitDown(browser, world, { base });
    await see('queues/reviews', 'o-7');
    await page.getByRole('link', { name: 'o-7' }).first().click();
    await page.getByRole('radio', { name: /^Accept it as full payment/ }).check();
    await page
      .locator('form')
      .filter({ has: page.getByRole('radio') })
      .getByRole('textbox', { name: 'Reason' })
      .fill('agreed');
    await page.getByRole('button', { name: 'Resolve the review' }).click();
    await page.getByRole('status').waitFor();
    expect((await world.ledger().order('o-7'))?.membership).toBe('active');
    await page.getByRole('button', { name: '繁體中文' }).click();
    await page.getByRole('heading', { name: '訂單 o-7' }).waitFor();
    expect(page.url().startsWith(`${base}orders/o-7`)).toBe(true);
    expect(complaints).toEqual([]);
  });
});
