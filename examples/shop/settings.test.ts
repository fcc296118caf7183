import { describe, expect, test } from 'vitest';
import { readSettings } from './settings.ts';

describe('what the environment may say', () => {
  test('nothing: the sandbox, with a poll that can be seen', () => {
    expect(readSettings({})).toEqual({ port: 3020, dataDir: './data', pollSeconds: 15 });
    expect(readSettings({ PORT: '', DATA_DIR: '', STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: '' })).toEqual(readSettings({}));
  });

  test('both keys: Stripe itself, whose reads are rationed', () => {
    const stripe = { secretKey: 'sk_test_x', webhookSecret: 'whsec_x' };
    expect(readSettings({ STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_WEBHOOK_SECRET: 'whsec_x' })).toMatchObject({ pollSeconds: 300, stripe });
  });

  test('one of several replicas: its ledger, the sandbox of all, and the address in front of them', () => {
    const env = { LEDGER_URL: 'esdb://h1,h2', SHOP_URL: 'http://127.0.0.1:3020/', STRIPE_API_BASE: 'http://lb:3022' };
    expect(readSettings(env)).toMatchObject({
      ledgerUrl: 'esdb://h1,h2',
      behind: { host: '127.0.0.1', url: 'http://127.0.0.1:3020' },
      sandbox: { apiUrl: 'http://lb:3022', pagesUrl: 'http://lb:3022' },
    });
    expect(readSettings({ ...env, HOST: '0.0.0.0', PAYMENT_PAGES: 'http://127.0.0.1:3021' })).toMatchObject({
      behind: { host: '0.0.0.0' },
      sandbox: { pagesUrl: 'http://127.0.0.1:3021' },
    });
    expect(() => readSettings({ SHOP_URL: '127.0.0.1:3020' })).toThrow(/^SHOP_URL is "127\.0\.0\.1:3020"/);
    expect(() => readSettings({ HOST: '0.0.0.0' })).toThrow(/SHOP_URL is not/);
    expect(() => readSettings({ ...env, STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_WEBHOOK_SECRET: 'whsec_x' })).toThrow(/Set one of them/);
  });

  test('one key of two is refused, and the missing one named', () => {
    expect(() => readSettings({ STRIPE_SECRET_KEY: 'sk_test_x' })).toThrow(/STRIPE_WEBHOOK_SECRET is not/);
    expect(() => readSettings({ STRIPE_WEBHOOK_SECRET: 'whsec_x' })).toThrow(/STRIPE_SECRET_KEY is not/);
  });

  test.each([
    { PORT: '0' },
    { PORT: '65535' }, // The sandbox needs the next port.
    { PORT: '80a' },
    { PORT: '3020.5' },
    { POLL_SECONDS: '0' },
    { POLL_SECONDS: '-1' },
  ])('%j is refused by name', (env) => {
    const [name = '', value = ''] = Object.entries(env)[0] ?? [];
    expect(() => readSettings(env)).toThrow(`${name} is "${value}". It must be a whole number from`);
  });
});
