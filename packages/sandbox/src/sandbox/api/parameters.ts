// The parameters of one request, read by name and type. A parameter that was never read is unknown, as at Stripe: a
// misspelt one must fail here, not in production.
import type { FormMap, FormNode } from './form.ts';
import { readMetadata, withoutEmpty } from './metadata.ts';
import { invalidRequest, missingParameter } from './stripe-error.ts';

/** No more than what every address has. */
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export interface TimeRange {
  readonly gte?: number;
  readonly gt?: number;
  readonly lte?: number;
  readonly lt?: number;
}

export class Parameters {
  readonly #values: FormMap;
  /** The name of this hash itself: `line_items[0]`. Empty for the request. */
  readonly path: string;
  readonly #asked = new Set<string>();
  readonly #children: Parameters[] = [];

  constructor(values: FormMap, path = '') {
    this.#values = values;
    this.path = path;
  }

  /** `amount` → `line_items[0][amount]`: the name that Stripe puts into `error.param`. */
  name(name: string): string {
    return this.path === '' ? name : `${this.path}[${name}]`;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @throws StripeApiError 400 if more than one of the parameters was sent. */
  onlyOneOf(...names: readonly string[]): void {
    const sent = names.filter((name) => this.has(name));
    if (sent.length < 2) return;
    throw invalidRequest(`You may only specify one of these parameters: ${sent.map((name) => this.name(name)).join(', ')}.`);
  }

  /**
   * Refuses parameters of Stripe whose effect is missing here: an object that lacks it without a word would be a lie.
   * @param why what the sandbox does not have. @throws StripeApiError 400
   */
  refused(why: string, ...names: readonly string[]): void {
    const sent = names.find((name) => this.has(name));
    if (sent !== undefined) throw invalidRequest(`${why} Leave ${this.name(sent)} out.`, { param: this.name(sent) });
  }

  /** Undefined if absent. Like Stripe, treats an empty text as absent. */
  string(name: string, { maxLength = 5_000 }: { maxLength?: number } = {}): string | undefined {
    const value = this.#take(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw invalidRequest('Invalid string: must be a string.', { param: this.name(name) });
    if (value.length > maxLength) {
      throw invalidRequest(`Invalid string: must be at most ${maxLength} characters`, {
        code: 'parameter_invalid_string_blank',
        param: this.name(name),
      });
    }
    return value;
  }

  /** A text after an update: an empty value clears it. */
  changedString(name: string, before: string | null): string | null {
    return this.has(name) ? (this.string(name) ?? null) : before;
  }

  /** @throws StripeApiError 400 for what is no address. */
  email(name: string): string | undefined {
    const address = this.string(name, { maxLength: 800 });
    if (address === undefined || ADDRESS.test(address)) return address;
    throw invalidRequest(`Invalid email address: ${address}`, { code: 'email_invalid', param: this.name(name) });
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw missingParameter(this.name(name));
    return value;
  }

  integer(name: string, { min = 0, max = 99_999_999 }: { min?: number; max?: number } = {}): number | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(value))
      throw invalidRequest(`Invalid integer: ${value}`, { code: 'parameter_invalid_integer', param: this.name(name) });
    const number = Number(value);
    const param = this.name(name);
    if (number < min)
      throw invalidRequest(`This value must be greater than or equal to ${min}.`, { code: 'parameter_invalid_integer', param });
    if (number > max)
      throw invalidRequest(`This value must be less than or equal to ${max}.`, { code: 'parameter_invalid_integer', param });
    return number;
  }

  decimal(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!Number.isFinite(number) || number < min || number > max)
      throw invalidRequest(`Invalid decimal: ${value}`, { param: this.name(name) });
    return number;
  }

  boolean(name: string): boolean | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') throw invalidRequest(`Invalid boolean: ${value}`, { param: this.name(name) });
    return value === 'true';
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.string(name);
    if (value === undefined) return undefined;
    const found = allowed.find((option) => option === value);
    if (found === undefined) throw invalidRequest(`Invalid ${name}: must be one of ${allowed.join(', ')}`, { param: this.name(name) });
    return found;
  }

  /** Lower case, as in Stripe's objects. */
  currency(name: string): string | undefined {
    const value = this.string(name)?.toLowerCase();
    if (value !== undefined && !KNOWN_CURRENCIES.has(value)) {
      throw invalidRequest(`Invalid currency: ${value}. Give a three-letter ISO code that Stripe supports, e.g. usd, eur, twd.`, {
        param: this.name(name),
      });
    }
    return value;
  }

  /** An absolute http or https URL: it becomes a link on a page. */
  url(name: string): string | undefined {
    const value = this.string(name);
    if (value !== undefined && !(/^https?:\/\//i.test(value) && URL.canParse(value))) {
      throw invalidRequest('Not a valid URL', { code: 'url_invalid', param: this.name(name) });
    }
    return value;
  }

  /** The names of all parameters that were sent: for a hash whose keys are values, like currencies. */
  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Whether it was sent as a hash: some parameters were a text in older versions. */
  isHash(name: string): boolean {
    return this.#values.get(name) instanceof Map;
  }

  hash(name: string): Parameters | undefined {
    const value = this.#take(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string') throw invalidRequest('Invalid object', { param: this.name(name) });
    return this.#child(value, this.name(name));
  }

  hashes(name: string): Parameters[] {
    return this.#items(name).map(([key, value]) => {
      if (typeof value === 'string') throw invalidRequest('Invalid object', { param: `${this.name(name)}[${key}]` });
      return this.#child(value, `${this.name(name)}[${key}]`);
    });
  }

  strings(name: string): string[] {
    return this.#items(name).map(([key, value]) => {
      if (typeof value !== 'string') throw invalidRequest('Invalid string: must be a string.', { param: `${this.name(name)}[${key}]` });
      return value;
    });
  }

  /** The metadata of what is made. An empty value leaves its key out. */
  metadata(name = 'metadata'): Record<string, string> | undefined {
    const given = this.#givenMetadata(name);
    return given && withoutEmpty(given);
  }

  #givenMetadata(name: string): Record<string, string> | undefined {
    const value = this.#take(name);
    return value === undefined || value === '' ? undefined : readMetadata(value, this.name(name));
  }

  /** `before` after an update that changes keys, adds them, or deletes them by an empty value; all of them by `metadata=`. */
  changedMetadata(before: Readonly<Record<string, string>> | null): Record<string, string> {
    if (this.#values.get('metadata') === '') {
      this.ignored('metadata');
      return {};
    }
    return withoutEmpty({ ...before, ...this.#givenMetadata('metadata') });
  }

  /** `created=1700000000` or `created[gte]=…`. */
  range(name: string): TimeRange | undefined {
    if (this.has(name) && !this.isHash(name)) {
      const at = this.integer(name, { max: Number.MAX_SAFE_INTEGER });
      return at === undefined ? undefined : { gte: at, lte: at };
    }
    const hash = this.hash(name);
    if (!hash) return undefined;
    const bounds = (['gte', 'gt', 'lte', 'lt'] as const).map(
      (bound) => [bound, hash.integer(bound, { max: Number.MAX_SAFE_INTEGER })] as const,
    );
    return Object.fromEntries(bounds.filter(([, at]) => at !== undefined));
  }

  /** Accepts parameters of Stripe that have no effect here. */
  ignored(...names: readonly string[]): void {
    for (const name of names) this.#asked.add(name);
  }

  /** Accepts all parameters that were not read. */
  ignoredRest(): void {
    this.ignored(...this.#values.keys());
  }

  /** @throws StripeApiError 400 if a parameter was sent and never read, also inside a hash that was read. */
  refuseUnknown(): void {
    for (const name of this.#values.keys()) {
      if (!this.#asked.has(name)) {
        throw invalidRequest(`Received unknown parameter: ${this.name(name)}`, { code: 'parameter_unknown', param: this.name(name) });
      }
    }
    for (const child of this.#children) child.refuseUnknown();
  }

  #take(name: string): FormNode | undefined {
    this.#asked.add(name);
    return this.#values.get(name);
  }

  #child(values: FormMap, path: string): Parameters {
    const child = new Parameters(values, path);
    this.#children.push(child);
    return child;
  }

  #items(name: string): [string, FormNode][] {
    const value = this.#take(name);
    if (value === undefined || value === '') return [];
    if (typeof value === 'string') throw invalidRequest('Invalid array', { param: this.name(name) });
    const items = [...value];
    if (items.some(([key]) => !/^\d{1,4}$/.test(key))) throw invalidRequest('Invalid array', { param: this.name(name) });
    return items.sort(([a], [b]) => Number(a) - Number(b));
  }
}

const KNOWN_CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));
