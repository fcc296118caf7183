// What the environment may say, checked once. Whatever is wrong is named in one sentence, before anything is opened.

export interface Settings {
  readonly port: number;
  readonly dataDir: string;
  readonly pollSeconds: number;
  /** Absent: the shop brings a sandbox of Stripe, on the port after its own. */
  readonly stripe?: { readonly secretKey: string; readonly webhookSecret: string };
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const sandboxPollSeconds = 15;
/** Reads are rationed at Stripe. */
const stripePollSeconds = 300;

/** @throws SettingsError */
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
  };
  return secretKey === '' ? shared : { ...shared, stripe: { secretKey, webhookSecret } };
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
