// Tells a key or a signing secret from what stands in its place: a placeholder of a template, or a sandbox's secret that
// anybody can read. `stripePayments` refuses them at the start and `doctor` names them, both by these functions. They are
// exact: Stripe's own are letters, digits and `+/=_`, at least 24 of them, so none of those is ever called a placeholder.

/** What is wrong with a secret, and what to do about it. The secret itself stands in neither. */
export interface SecretProblem {
  readonly found: string;
  readonly remedy: string;
}

/** Words and signs that templates have in the place of a secret, alone or behind its prefix. */
const placeholder =
  /^(?:(?:sk|rk)_(?:org_)?(?:test|live)_|whsec_)?(?:|x[x_-]*|\.+|(?:your|my|the|insert|replace|paste|enter|put)(?:[-_ ].*)?|change[-_]?me|placeholder|example|secret|key|todo|undefined|null|none|nan|true|false|.*(?:\.\.\.|…|[<>{}$*]).*)$/is;
/** Signing secrets of our sandbox and in our documentation: no secret of Stripe's has a second underscore or is this short. */
const sandboxSecret = /^whsec_(?:sandbox|paidonce_sandbox|local)(?:_\w*)?$/;
const sandboxKey = 'sk_test_paidonce_sandbox';

/** Whether the secret is for a sandbox alone, by its name: `whsec_sandbox`, or with an underscore and more behind it. */
export function isSandboxSecret(secret: string): boolean {
  return sandboxSecret.test(secret);
}

/** @param atStripe whether the key is sent to Stripe itself: a sandbox's secret is good at a sandbox. */
export function webhookSecretProblem(secret: unknown, { atStripe }: { readonly atStripe: boolean }): SecretProblem | undefined {
  if (typeof secret !== 'string') return { found: 'it is no text', remedy: 'Set it to the signing secret of the endpoint (whsec_…)' };
  if (secret === '') return { found: 'it is empty', remedy: 'Set it to the signing secret of the endpoint (whsec_…)' };
  if (placeholder.test(secret))
    return { found: 'it is a placeholder', remedy: "Copy the endpoint's signing secret from Stripe's dashboard" };
  if (/\s/.test(secret)) return { found: 'it has a blank or line break in it', remedy: 'Copy it again, without the end of the line' };
  if (!secret.startsWith('whsec_'))
    return { found: 'it does not begin with whsec_', remedy: 'Is it the key instead of the signing secret?' };
  if (atStripe && isSandboxSecret(secret)) {
    return { found: 'it is of the sandbox, and anybody may know it', remedy: "Copy the endpoint's signing secret from Stripe's dashboard" };
  }
  return undefined;
}

/** @param atStripe as in `webhookSecretProblem`. */
export function secretKeyProblem(key: string, { atStripe }: { readonly atStripe: boolean }): SecretProblem | undefined {
  if (key === '') return { found: 'none is set', remedy: 'Set STRIPE_SECRET_KEY' };
  const copy = "Copy the key from Stripe's dashboard: Developers, API keys";
  if (placeholder.test(key)) return { found: 'it is a placeholder', remedy: copy };
  if (atStripe && key === sandboxKey) {
    const found = 'it is of the sandbox, and this client talks to Stripe itself';
    return { found, remedy: `Give the client the host, port and protocol of the sandbox. For Stripe: ${copy}` };
  }
  if (!/^(?:sk|rk)_(?:org_)?(?:test|live)_\w+$/.test(key))
    return { found: 'it is no secret key', remedy: 'It begins with sk_test_, sk_live_, rk_test_ or rk_live_' };
  return undefined;
}
