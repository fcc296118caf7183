import type { Logger } from '@paidonce/ledger';
import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { byPassword } from './operators.ts';

const password = 'rk8Vv2-q!Lz7';
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const minuteMs = 60_000;

async function openConsole() {
  let nowMs = 0;
  const lines: string[] = [];
  const note = (level: string) => (fields: object, message: string) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log: Logger = { info: note('info'), warn: note('warn'), error: note('error') };
  const authenticate = byPassword(password, log, () => nowMs);
  const app = Fastify({ trustProxy: '127.0.0.1' });
  onTestFinished(() => app.close());
  app.get('/', async (request, reply) => {
    const operator = await authenticate(request, reply);
    if (reply.sent) return reply;
    return operator ? operator : reply.code(401).send();
  });
  return {
    lines,
    wait: (ms: number) => {
      nowMs += ms;
    },
    /** Asks from an address, through a proxy that is believed. */
    ask: async (headers: Record<string, string>, from = '203.0.113.9') => {
      const { statusCode, headers: answered } = await app.inject({ url: '/', headers: { ...headers, 'x-forwarded-for': from } });
      return { status: statusCode, retryAfter: answered['retry-after'] };
    },
  };
}

describe('who has the password', () => {
  test('is let in under the name that they type, and logged once', async () => {
    const { ask, lines } = await openConsole();
    for (let count = 0; count < 3; count += 1) expect((await ask(basic(`support-7:${password}`))).status).toBe(200);
    expect(lines).toEqual(['info console: support-7 signed in from 203.0.113.9 {"address":"203.0.113.9","actor":"support-7"}']);
  });

  test.each(['a name', '', 'a'.repeat(65), '\u001b[2J'])('is not let in under %j, which is no id', async (name) => {
    const { ask } = await openConsole();
    expect((await ask(basic(`${name}:${password}`))).status).toBe(401);
  });
});

describe('who has not', () => {
  test('is refused, and logged with their address, but neither with the name nor with the password', async () => {
    const { ask, lines } = await openConsole();
    for (const given of [basic('eve:guess-1'), basic('guess-2'), { authorization: 'Bearer guess-3' }, {}])
      expect((await ask(given)).status).toBe(401);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatch(/^warn console: log-in from 203\.0\.113\.9 refused \(.*"address":"203\.0\.113\.9"/);
    expect(lines.join()).not.toMatch(/guess|eve/);
  });

  test('waits after ten guesses, even with the right password; others do not', async () => {
    const { ask, lines, wait } = await openConsole();
    for (let count = 0; count < 10; count += 1) expect((await ask(basic(`eve:guess-${count}`))).status).toBe(401);
    expect(await ask(basic(`eve:${password}`))).toEqual({ status: 429, retryAfter: '900' });
    expect(lines.at(-1)).toContain('from 203.0.113.9 refused without a look at it, after 10 wrong passwords');
    expect((await ask(basic(`support-7:${password}`), '203.0.113.10')).status).toBe(200);
    wait(15 * minuteMs - 1);
    expect((await ask(basic(`eve:${password}`))).status).toBe(429);
    wait(1);
    expect((await ask(basic(`eve:${password}`))).status).toBe(200);
  });

  test('cannot write into the log by an address that is none', async () => {
    const { ask, lines } = await openConsole();
    await ask(basic('eve:guess'), 'evil\u009b2J');
    expect(lines).toEqual([expect.stringContaining('from an address that is none refused')]);
  });

  test('does not have to wait for requests without a password, which each browser sends first', async () => {
    const { ask } = await openConsole();
    for (let count = 0; count < 30; count += 1) expect((await ask({})).status).toBe(401);
    expect((await ask(basic(`support-7:${password}`))).status).toBe(200);
  });
});
