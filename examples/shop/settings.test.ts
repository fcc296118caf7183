import { describe, expect, test } from 'vitest';
import { readSettings, SettingsError } from './settings.ts';

const keys = { STRIPE_SECRET_KEY: 'sk_test_1234', STRIPE_WEBHOOK_SECRET: 'whsec_1234' };
const liveKeys = { STRIPE_SECRET_KEY: 'sk_live_1234', STRIPE_WEBHOOK_SECRET: 'whsec_1234' };
const shared = { ...keys, PAIDONCE_SANDBOX: '1', STRIPE_API_BASE: 'http://lb:3022' };

describe('what the environment may say', () => {
  test('nothing: the sandbox, with a poll that can be seen', () => {
    expect(readSettings({})).toEqual({ port: 3020, dataDir: './data', pollSeconds: 15 });
    expect(readSettings({ PORT: '', DATA_DIR: '', STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: '' })).toEqual(readSettings({}));
    expect(readSettings({ HOST: '127.0.0.1' })).toEqual(readSettings({}));
  });

  test('both keys: Stripe itself, whose reads are rationed', () => {
    const stripe = { secretKey: 'sk_test_1234', webhookSecret: 'whsec_1234' };
    expect(readSettings(keys)).toMatchObject({ pollSeconds: 300, stripe });
  });

  test('one of several replicas: its ledger, the sandbox of all, and the address in front of them', () => {
    const env = { ...shared, LEDGER_URL: 'esdb://h1,h2', SHOP_URL: 'http://127.0.0.1:3020/' };
    expect(readSettings(env)).toMatchObject({
      pollSeconds: 15,
      ledgerUrl: 'esdb://h1,h2',
      behind: { host: '127.0.0.1', url: 'http://127.0.0.1:3020', proxies: ['loopback'] },
      sandbox: { apiUrl: 'http://lb:3022', pagesUrl: 'http://lb:3022', secretKey: 'sk_test_1234', webhookSecret: 'whsec_1234' },
    });
    const behind = { ...env, HOST: '0.0.0.0', PAYMENT_PAGES: 'http://127.0.0.1:3021', TRUST_PROXY: '10.0.0.5, 172.30.240.0/24, ::1' };
    expect(readSettings(behind)).toMatchObject({
      behind: { host: '0.0.0.0', proxies: ['10.0.0.5', '172.30.240.0/24', '::1'] },
      sandbox: { pagesUrl: 'http://127.0.0.1:3021' },
    });
    expect(() => readSettings({ SHOP_URL: '127.0.0.1:3020', ...keys })).toThrow(/^SHOP_URL is "127\.0\.0\.1:3020"/);
    expect(() => readSettings({ HOST: '0.0.0.0', ...keys })).toThrow(/SHOP_URL is not/);
    for (const trusted of ['true', '1', '*', 'load-balancer', '10.0.0.5,'])
      expect(() => readSettings({ ...behind, TRUST_PROXY: trusted })).toThrow(/^TRUST_PROXY has/);
  });

  test('one key of two is refused, and the missing one named', () => {
    expect(() => readSettings({ STRIPE_SECRET_KEY: 'sk_test_1234' })).toThrow(/STRIPE_WEBHOOK_SECRET is not/);
    expect(() => readSettings({ STRIPE_WEBHOOK_SECRET: 'whsec_1234' })).toThrow(/STRIPE_SECRET_KEY is not/);
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

describe('a sandbox is never what a forgotten key leads to', () => {
  test.each([
    ['HOST', { HOST: '0.0.0.0' }],
    ['HOST', { HOST: '10.0.0.5', SHOP_URL: 'https://shop.example' }],
    ['SHOP_URL', { SHOP_URL: 'https://shop.example' }],
    ['LEDGER_URL', { LEDGER_URL: 'esdb://h1,h2' }],
  ])('%s without keys is one sentence that names it', (name, env) => {
    expect(() => readSettings(env)).toThrow(SettingsError);
    expect(() => readSettings(env)).toThrow(`are not set, and ${name} is: this is no trial on one machine.`);
    expect(readSettings({ SHOP_URL: 'https://shop.example', ...env, ...keys })).toMatchObject({ stripe: {} });
  });

  // biome-ignore format: a table
  test.each([
    ['with a live key', { ...shared, ...liveKeys }, 'does not begin with sk_test_'],
    ['with a restricted key', { ...shared, STRIPE_SECRET_KEY: 'rk_test_1234' }, 'does not begin with sk_test_'],
    ['without keys', { ...shared, STRIPE_SECRET_KEY: '', STRIPE_WEBHOOK_SECRET: '' }, 'are not set'],
    ['without a secret', { ...shared, STRIPE_WEBHOOK_SECRET: '' }, 'STRIPE_WEBHOOK_SECRET is not'],
    ['without an address', { ...shared, STRIPE_API_BASE: '' }, 'STRIPE_API_BASE is not set'],
    ['said in another way', { ...shared, PAIDONCE_SANDBOX: 'true' }, 'It must be 1'],
    ['not meant', { ...shared, PAIDONCE_SANDBOX: '' }, 'PAIDONCE_SANDBOX is not 1'],
    ['not meant, without keys', { STRIPE_API_BASE: 'http://lb:3022' }, 'PAIDONCE_SANDBOX is not 1'],
  ])('a shared one %s is refused', (_, env, message) => {
    expect(() => readSettings(env)).toThrow(SettingsError);
    expect(() => readSettings(env)).toThrow(message);
  });
});

describe('the password of the console', () => {
  test.each(['x', 'open-sesame', 'aaaaaaaaaaaaaaaa', 'my-password-2026', 'changeme-changeme', '1234567890123456', 'your-secret-here'])(
    '%j is no real one',
    (OPERATOR_PASSWORD) => expect(() => readSettings({ OPERATOR_PASSWORD })).toThrow(/^OPERATOR_PASSWORD is too easy to guess\./),
  );

  test('may be any other text of 12 characters', () => {
    expect(readSettings({ OPERATOR_PASSWORD: 'rk8 Vv2-q!Lz' })).toMatchObject({ operatorPassword: 'rk8 Vv2-q!Lz' });
  });
});
