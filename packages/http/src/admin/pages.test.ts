// Every page as a browser gets it, from a shop of some size: its structure in both languages, its weight, and what no page may have.
import { describe, expect, test } from 'vitest';
import type { Language } from '../console-call.ts';
import { matchRoute } from '../console-paths.ts';
import { paymentConsole } from '../fetch.ts';
import { fakeConsole } from './fake-console.test-support.ts';
import { orderForms } from './forms.ts';
import { outlineOf, pagesByPath } from './outline.test-support.ts';
import { consoleRoutes } from './routes.ts';

const routes = consoleRoutes({ payments: fakeConsole().payments }).map((route) => ({
  route,
  parts: route.pattern.split('/').filter(Boolean),
}));
const handler = paymentConsole({ payments: fakeConsole().payments, authenticate: () => ({ actor: 'sup-3' }) });

async function pageAt(
  path: string,
  lang: Language,
): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const headers = { accept: 'text/html', cookie: `paidonce_lang=${lang}; paidonce_tz=Asia/Taipei` };
  const response = await handler(new Request(`http://shop.example/admin/payments/${path}`, { headers }));
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe.each(['en', 'zh-TW'] as const)('in %s', (lang) => {
  test.each(pagesByPath)('%s has its headings, links, columns, fields and findings', async (path, status) => {
    const page = await pageAt(path, lang);
    expect(page.status).toBe(status);
    expect(outlineOf(page.text)).toMatchSnapshot();
  });

  test.each(pagesByPath)('%s weighs at most 30 KB', async (path) => {
    expect(Buffer.byteLength((await pageAt(path, lang)).text)).toBeLessThanOrEqual(30 * 1_024);
  });
});

describe.each(pagesByPath)('%s', (path) => {
  test('has one heading of the first level, and each id once', async () => {
    const { text } = await pageAt(path, 'en');
    expect(text.match(/<h1/g)).toHaveLength(1);
    const ids = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test('has no style, no inline script, and only relative addresses of its own', async () => {
    const { text, headers } = await pageAt(path, 'en');
    expect(text).not.toMatch(/ style=|<style| on[a-z]+="|<script>/);
    for (const [, url = ''] of text.matchAll(/ (?:href|action|src)="([^"]*)"/g))
      expect(url).toMatch(
        /^(?:\.{1,2}\/|\?|#|payments\/|cancel$|data:,$|orders\?|https:\/\/dashboard\.stripe\.com\/)|^(?:orders|activity)$/,
      );
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('has forms that routes take, with the fields that these need', async () => {
    const { text } = await pageAt(path, 'en');
    const at = `http://shop.example/admin/payments/${path}`;
    for (const [form, attributes = ''] of text.matchAll(/<form([^>]*)>.*?<\/form>/gs)) {
      const { action = '', method = '' } = Object.fromEntries(
        [...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
      );
      const below = new URL(action, at).pathname.replace('/admin/payments', '');
      const match = matchRoute(routes, { below, method: method.toUpperCase() } as Parameters<typeof matchRoute>[1]);
      expect(match.route, `${method} ${action}`).toBeDefined();
      const { fields = [] } = Object.values(orderForms).find((each) => match.route?.pattern === `orders/:orderId/${each.path}`) ?? {};
      const names = [...form.matchAll(/ name="([^"]*)"/g)].map(([, name]) => name);
      if (method === 'post') expect(names).toEqual(expect.arrayContaining([...fields]));
    }
  });

  test('names its language', async () => {
    const { text, headers } = await pageAt(path, 'zh-TW');
    expect(text).toContain('<html lang="zh-TW">');
    expect(headers.get('content-language')).toBe('zh-TW');
  });
});

test('a page that leads elsewhere is on the list of pages', () => {
  expect(pagesByPath.length).toBeGreaterThan(18);
});
