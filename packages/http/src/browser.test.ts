// What a success page hears, against a server on a real socket; and how much it has to load.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { type WatchedStatus, type WatchOptions, watchPayment } from './browser.ts';

const pending = { state: 'pending', stale: false, nextPollAfterMs: 10 };
const active = { state: 'active', stale: false };

type Answer = WatchedStatus | number | ((res: ServerResponse) => void);

/** @param answers in order; the last one for all further queries. */
async function watched(answers: readonly Answer[], options: Partial<WatchOptions> = {}) {
  const asked: string[] = [];
  const heard: string[] = [];
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    asked.push(req.url ?? '');
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (typeof answer === 'function') return answer(res);
    if (typeof answer === 'number') return res.writeHead(answer).end();
    return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/payment/status/`;
  const stop = watchPayment('cs_1/x', {
    url,
    onChange: ({ state }) => heard.push(state),
    onTrouble: () => heard.push('trouble'),
    onUnknown: () => heard.push('unknown'),
    ...options,
  });
  onTestFinished(() => {
    stop();
    server.closeAllConnections();
    server.close();
  });
  return { asked, heard, stop };
}

test('the first answer comes at once, later ones wait at the server, and the end is the end', async () => {
  const { asked, heard } = await watched([pending, pending, pending, active]);
  await expect.poll(() => heard).toEqual(['pending', 'active']);
  const path = '/payment/status/cs_1%2Fx';
  expect(asked).toEqual([path, `${path}?wait=2`, `${path}?wait=4`, `${path}?wait=8`]);
});

test('no query waits longer than it may, and none where it may not', async () => {
  const short = await watched([pending, pending, pending, active], { wait: 3 });
  const none = await watched([pending, pending, active], { wait: 0 });
  await expect.poll(() => [short.heard.at(-1), none.heard.at(-1)]).toEqual(['active', 'active']);
  expect(short.asked.map((path) => path.split('?')[1])).toEqual([undefined, 'wait=2', 'wait=3', 'wait=3']);
  expect(none.asked.every((path) => !path.includes('?'))).toBe(true);
});

test('trouble is said once, and over with the next answer', async () => {
  const { heard } = await watched([pending, 503, 200, active]);
  await expect.poll(() => heard).toEqual(['pending', 'trouble', 'active']);
});

test('asked too often is no trouble', async () => {
  const { heard } = await watched([pending, 429, active]);
  await expect.poll(() => heard).toEqual(['pending', 'active']);
});

test('an unknown payment ends it', async () => {
  const { asked, heard } = await watched([404]);
  await expect.poll(() => heard).toEqual(['unknown']);
  expect(asked).toHaveLength(1);
});

test('stopped, it ends the query under way and says nothing more', async () => {
  let gone = false;
  const { asked, heard, stop } = await watched([pending, (res) => void res.on('close', () => (gone = true))]);
  await expect.poll(() => asked.length).toBe(2);
  stop();
  await expect.poll(() => gone).toBe(true);
  expect(heard).toEqual(['pending']);
});

test('it is a module of its own, under 2 kB', () => {
  const text = stripTypeScriptTypes(readFileSync(new URL('browser.ts', import.meta.url), 'utf8'));
  expect(text).not.toMatch(/^\s*import\b|\brequire\(|\bprocess\b/m);
  expect(gzipSync(text).length).toBeLessThan(2_000);
});
