// Reads the settings from the environment, and checks them once. A wrong one is named in one sentence, before anything is
// opened.
import { isIP } from 'node:net';

export interface Settings {
  readonly port: number;
  readonly dataDir: string;
  readonly pollSeconds: number;
  /** The URL of the event store: `sqlite:PATH`, `esdb://…`. Absent: `ledger.db` in the data folder. */
  readonly ledgerUrl?: string;
  /** The keys of Stripe itself. Absent, and no `sandbox`: the shop starts a sandbox of Stripe on the port after its own. */
  readonly stripe?: StripeKeys;
  /** A sandbox that all replicas share: the addresses of its API and of its pages, and the keys that all were given. */
  readonly sandbox?: StripeKeys & { readonly apiUrl: string; readonly pagesUrl: string };
  /**
   * Set if the shop is one of several behind a load balancer: its own host, the address that customers see, and the addresses
   * of the load balancer, whose `X-Forwarded-For` is believed.
   */
  readonly behind?: { readonly host: string; readonly url: string; readonly proxies: readonly string[] };
  /** The password of the console. Absent: there is no console. */
  readonly operatorPassword?: string;
}

export interface StripeKeys {
  readonly secretKey: string;
  readonly webhookSecret: string;
}

type Env = Readonly<Record<string, string | undefined>>;

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const sandboxPollSeconds = 15;
/** How often to poll Stripe itself: less often than the sandbox, because Stripe limits reads. */
const stripePollSeconds = 300;

/** Reads the settings. @throws SettingsError a setting is wrong; the message names it. */
export function readSettings(env: Env): Settings {
  const access = readAccess(env);
  return {
    port: readWhole(env, 'PORT', 3020, { min: 1, max: 65_534 }),
    dataDir: env['DATA_DIR'] || './data',
    pollSeconds: readWhole(env, 'POLL_SECONDS', access.stripe ? stripePollSeconds : sandboxPollSeconds, { min: 1, max: 86_400 }),
    ...(env['LEDGER_URL'] ? { ledgerUrl: env['LEDGER_URL'] } : {}),
    ...readPassword(env),
    ...readBehind(env),
    ...access,
  };
}

/** With which Stripe the shop works. A sandbox, where anybody pays without money, is never what a forgotten setting leads to. */
function readAccess(env: Env): Pick<Settings, 'stripe' | 'sandbox'> {
  const { STRIPE_SECRET_KEY: secretKey = '', STRIPE_WEBHOOK_SECRET: webhookSecret = '', PAIDONCE_SANDBOX: meant = '' } = env;
  if (meant !== '' && meant !== '1') throw new SettingsError(`PAIDONCE_SANDBOX is "${meant}". It must be 1, or not set.`);
  if ((secretKey === '') !== (webhookSecret === '')) {
    const [set, missing] =
      secretKey === '' ? ['STRIPE_WEBHOOK_SECRET', 'STRIPE_SECRET_KEY'] : ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'];
    throw new SettingsError(`${set} is set and ${missing} is not. Set both for Stripe itself, or neither for the sandbox.`);
  }
  if (meant === '1') return { sandbox: readSharedSandbox(env, { secretKey, webhookSecret }) };
  if (env['STRIPE_API_BASE'])
    throw new SettingsError(
      'STRIPE_API_BASE names a sandbox, and PAIDONCE_SANDBOX is not 1. Set it if no real money is meant; else unset both.',
    );
  if (secretKey !== '') return { stripe: { secretKey, webhookSecret } };
  const outside = namesTheOutside(env);
  if (outside === undefined) return {};
  throw new SettingsError(
    `STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are not set, and ${outside} is: this is no trial on one machine. Set both, or PAIDONCE_SANDBOX=1 if a sandbox is meant.`,
  );
}

/** A setting that a shop on one machine, for one person, does not need. */
function namesTheOutside(env: Env): string | undefined {
  if (env['HOST'] && !isLoopback(env['HOST'])) return 'HOST';
  return ['SHOP_URL', 'LEDGER_URL'].find((name) => env[name]);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function readSharedSandbox(env: Env, keys: StripeKeys): NonNullable<Settings['sandbox']> {
  const apiUrl = readOrigin(env, 'STRIPE_API_BASE');
  if (apiUrl === undefined)
    throw new SettingsError('PAIDONCE_SANDBOX is 1 and STRIPE_API_BASE is not set. It is the address of the sandbox.');
  if (!keys.secretKey.startsWith('sk_test_')) {
    throw new SettingsError(
      keys.secretKey === ''
        ? 'PAIDONCE_SANDBOX is 1, and STRIPE_SECRET_KEY (sk_test_…) and STRIPE_WEBHOOK_SECRET (whsec_sandbox_ and something random) are not set. All replicas and the sandbox get the same ones.'
        : 'PAIDONCE_SANDBOX is 1, and STRIPE_SECRET_KEY does not begin with sk_test_. No other key is sent to a sandbox.',
    );
  }
  return { ...keys, apiUrl, pagesUrl: readOrigin(env, 'PAYMENT_PAGES') ?? apiUrl };
}

/** Reads the settings of one replica among several: where it listens, and what stands in front of it. */
function readBehind(env: Env): Pick<Settings, 'behind'> {
  const url = readOrigin(env, 'SHOP_URL');
  const host = env['HOST'] || '127.0.0.1';
  if (url === undefined && !isLoopback(host))
    throw new SettingsError('HOST is set and SHOP_URL is not. There is no log-in: listen beyond this machine only behind a load balancer.');
  if (url === undefined) return {};
  const proxies = (env['TRUST_PROXY'] || 'loopback').split(',').map((address) => address.trim());
  const wrong = proxies.find((address) => address !== 'loopback' && isIP(address.replace(/\/\d{1,3}$/, '')) === 0);
  if (wrong !== undefined)
    throw new SettingsError(`TRUST_PROXY has "${wrong}". It must be addresses of the load balancer, like 10.0.0.5 or 172.30.240.0/24.`);
  return { behind: { host, url, proxies } };
}

const shortestPassword = 12;
const fewestCharacters = 6;
const guessedFirst = /password|passwort|changeme|change-me|12345|qwerty|letmein|placeholder|secret|paidonce|your[-_ ]/i;

function readPassword({ OPERATOR_PASSWORD: password = '' }: Env): Pick<Settings, 'operatorPassword'> {
  if (password === '') return {};
  if (password.length >= shortestPassword && new Set(password).size >= fewestCharacters && !guessedFirst.test(password))
    return { operatorPassword: password };
  throw new SettingsError(
    `OPERATOR_PASSWORD is too easy to guess. It must have ${shortestPassword} characters or more, ${fewestCharacters} of them different, and none of the usual words: try openssl rand -base64 18.`,
  );
}

function readOrigin(env: Env, name: string): string | undefined {
  const text = env[name];
  if (!text) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).pathname === '/') return new URL(text).origin;
  throw new SettingsError(`${name} is "${text}". It must be an address without a path, like http://127.0.0.1:3020.`);
}

function readWhole(env: Env, name: string, otherwise: number, { min, max }: { readonly min: number; readonly max: number }): number {
  const text = env[name] || String(otherwise);
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SettingsError(`${name} is "${text}". It must be a whole number from ${min} to ${max}.`);
}
