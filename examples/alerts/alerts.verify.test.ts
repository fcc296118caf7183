import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Alert } from '@paidonce/ledger';
import { expect, onTestFinished, test } from 'vitest';
import { postAlerts } from './post-alert.ts';

const alert: Alert = { kind: 'delivery_failing', orderId: 'o-1', message: 'Mend `deliver`' };

/** Starts an incoming webhook like Slack's. */
async function incomingWebhook(answer: (response: ServerResponse) => void) {
  const posts: string[] = [];
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(await text(request));
    posts.push((body as { text: string }).text);
    answer(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { posts, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T0/B0` };
}

async function run(ALERT_WEBHOOK_URL: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const file = new URL('main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', file], { env: { ...process.env, ALERT_WEBHOOK_URL } });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  return { code, stderr };
}

test('the example posts the alert of a payment that is too small, and ends', async () => {
  const { posts, url } = await incomingWebhook((response) => response.end('ok'));
  expect((await run(url)).code).toBe(0);
  expect(posts).toEqual([expect.stringMatching(/^🟠 review_opened \(order o-1\): .*less was paid/)]);
});

test('without an address it says what it needs', async () => {
  const { code, stderr } = await run('');
  expect(stderr).toMatch(/^Set ALERT_WEBHOOK_URL [^\n]*\n$/);
  expect(code).toBe(1);
});

test('a refusal is thrown, for the log of the ledger', async () => {
  const { url } = await incomingWebhook((response) => response.writeHead(404).end('no_service'));
  await expect(postAlerts(url)(alert)).rejects.toThrow('answered 404');
});

test('a redirect is not followed: it might lead anywhere', async () => {
  const { posts, url } = await incomingWebhook((response) => response.writeHead(307, { location: '/elsewhere' }).end());
  await expect(postAlerts(url)(alert)).rejects.toThrow();
  expect(posts).toEqual(['🔴 delivery_failing (order o-1): Mend `deliver`']);
});

test('a server that never answers is given up', async () => {
  const { url } = await incomingWebhook(() => undefined);
  await expect(postAlerts(url, 50)(alert)).rejects.toThrow(/timeout/i);
});
