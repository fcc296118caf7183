import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { banner } from './banner.ts';
import { readSettings } from './settings.ts';
import { terminalLog } from './terminal-log.ts';

const sandboxed = { url: 'http://127.0.0.1:3020', sandboxUrl: 'http://127.0.0.1:3021' };

test('the first start says where everything is, who may enter, and that the data stays', () => {
  const lines = banner({ ...readSettings({}), operatorPassword: 'random-1' }, sandboxed, false).join('\n');
  expect(lines).toContain('PaidOnce shop: http://127.0.0.1:3020\n');
  expect(lines).toContain('Console: http://127.0.0.1:3020/admin/payments  (name: any; password: random-1)\n');
  expect(lines).toContain('Sandbox: http://127.0.0.1:3021 ');
  expect(lines).toContain(`Store:   sqlite:${resolve('data/ledger.db')}\n`);
  expect(lines).toContain(`Ctrl-C stops; all data stays in ${resolve('data')} (DATA_DIR).\n`);
});

test('a password of the user is not printed, in the console or in the store', () => {
  const env = { LEDGER_URL: 'postgres://app:hidden@db/shop', OPERATOR_PASSWORD: 'hidden-too-12' };
  const settings = readSettings({ ...env, STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' });
  const lines = banner(settings, { url: 'http://127.0.0.1:3020' }, true).join('\n');
  expect(lines).not.toMatch(/hidden/);
  expect(lines).toContain('password: your OPERATOR_PASSWORD');
  expect(lines).toContain('LIVE key: real money');
  expect(lines).toContain('stripe listen --forward-to 127.0.0.1:3020/webhooks/stripe');
});

test('a delivery that fails is printed with its error, and with the order that it is about', () => {
  const lines: string[] = [];
  const error = new Error('no such table: memberships');
  terminalLog((line) => lines.push(line)).warn({ err: error, orderId: 'o-1', sequence: 1 }, 'deliver failed');
  expect(lines[0]).toMatch(
    /^warning: deliver failed \(orderId o-1, sequence 1\)\n {2}Error: no such table: memberships\n {6}at .*banner\.test\.ts/,
  );
});

test('what is no error object is printed too; without one there is only the sentence', () => {
  const lines: string[] = [];
  const log = terminalLog((line) => lines.push(line));
  log.error({ err: 'busy' }, 'the poll failed');
  log.warn({}, 'a warning');
  log.info({}, 'not for the terminal');
  log.info({}, 'console: ada signed in');
  expect(lines).toEqual(['error: the poll failed\n  busy', 'warning: a warning', 'console: ada signed in']);
});
