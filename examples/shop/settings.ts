// Reads the settings from the environment, and checks them once. A wrong one is named in one sentence, before anything is
// opened.

export interface Settings {
  readonly port: number;
  readonly dataDir: string;
  readonly pollSeconds: number;
  /** The URL of the event store: `sqlite:PATH`, `esdb://…`. Absent: `ledger.db` in the data folder. */
  readonly ledgerUrl?: string;
  /** The keys of Stripe. Absent, and no `sandbox`: the shop starts a sandbox of Stripe on the port after its own. */
  readonly stripe?: { readonly secretKey: string; readonly webhookSecret: string };
  /** A sandbox that all replicas share: the addresses of its API and of its pages. Absent: there is none. */
  readonly sandbox?: { readonly apiUrl: string; readonly pagesUrl: string };
  /** Set if the shop is one of several behind a load balancer: its own host, and the address that customers see. */
  readonly behind?: { readonly host: string; readonly url: string };
  /** The password of the console. Absent: there is no console. */
  readonly operatorPassword?: string;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const sandboxPollSeconds = 15;
/** How often to poll Stripe itself: less often than the sandbox, because Stripe limits reads. */
const stripePollSeconds = 300;

/** Reads the settings. @throws SettingsError a setting is wrong; the message names it. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const { STRIPE_SECRET_KEY: secretKey = '', STRIPE_WEBHOOK_SECRET: webhookSecret = '' } = env;
  if ((secretKey === '') !== (webhookSecret === '')) {
    const [set, missing] =
      secretKey === '' ? ['STRIPE_WEBHOOK_SECRET', 'STRIPE_SECRET_KEY'] : ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'];
    throw new SettingsError(`${set} is set and ${missing} is not. Set both for Stripe itself, or neither for the sandbox.`);
  }
  const shared = {
    port: readWhole(env, 'PORT', 3020, { min: 1, max: 65_534 }),
    dataDir: env['DATA_DIR'] || './data',
    pollSeconds: readWhole(env, 'POLL_SECONDS', secretKey === '' ? sandboxPollSeconds : stripePollSeconds, { min: 1, max: 86_400 }),
    ...(env['LEDGER_URL'] ? { ledgerUrl: env['LEDGER_URL'] } : {}),
    ...(env['OPERATOR_PASSWORD'] ? { operatorPassword: env['OPERATOR_PASSWORD'] } : {}),
    ...readReplica(env),
  };
  if (secretKey !== '' && shared.sandbox)
    throw new SettingsError('STRIPE_API_BASE names a sandbox, and STRIPE_SECRET_KEY is for Stripe itself. Set one of them.');
  return secretKey === '' ? shared : { ...shared, stripe: { secretKey, webhookSecret } };
}

/** Reads the settings that replicas share: the address of the load balancer, and the sandbox. */
function readReplica(env: Readonly<Record<string, string | undefined>>): Pick<Settings, 'sandbox' | 'behind'> {
  const [url, apiUrl] = [readOrigin(env, 'SHOP_URL'), readOrigin(env, 'STRIPE_API_BASE')];
  if (env['HOST'] && url === undefined)
    throw new SettingsError('HOST is set and SHOP_URL is not. There is no log-in: listen beyond this machine only behind a load balancer.');
  return {
    ...(url === undefined ? {} : { behind: { host: env['HOST'] || '127.0.0.1', url } }),
    ...(apiUrl === undefined ? {} : { sandbox: { apiUrl, pagesUrl: readOrigin(env, 'PAYMENT_PAGES') ?? apiUrl } }),
  };
}

function readOrigin(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const text = env[name];
  if (!text) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).pathname === '/') return new URL(text).origin;
  throw new SettingsError(`${name} is "${text}". It must be an address without a path, like http://127.0.0.1:3020.`);
}

function readWhole(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const text = env[name] || String(otherwise);
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SettingsError(`${name} is "${text}". It must be a whole number from ${min} to ${max}.`);
}
