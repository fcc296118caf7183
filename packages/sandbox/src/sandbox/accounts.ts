// The sandbox's own account and those connected to it (Stripe Connect). Each has its own objects. A platform acts on a
// connected account by the header `Stripe-Account`, and gets its events at Connect endpoints.
import type { Agenda } from './agenda.ts';
import type { SandboxClock } from './clock.ts';
import type { NewId } from './ids.ts';
import { BY_ITSELF, type Conduct, type Model } from './model.ts';
import { buildAccount } from './objects/account-object.ts';
import { lookUp } from './objects/look-up.ts';
import type { Journal } from './state/journal.ts';
import { State } from './state/state.ts';

export interface AccountParts {
  readonly journal: Journal;
  readonly clock: SandboxClock;
  readonly newId: NewId;
  readonly agenda: Agenda;
  readonly conduct: Conduct;
  /** The id of the sandbox's own account. */
  readonly platform: string;
}

export class Accounts {
  readonly platform: Model;
  readonly #parts: AccountParts;
  readonly #models = new Map<string, Model>();
  /** `http://127.0.0.1:PORT`, once the server listens. */
  baseUrl = 'http://127.0.0.1';

  constructor(parts: AccountParts) {
    this.#parts = parts;
    this.platform = this.#add(parts.platform, null);
    for (const { id } of this.platform.state.accounts.oldestFirst()) this.#add(id, id);
  }

  /** Undefined: there is no such account here. */
  of(id: string): Model | undefined {
    const model = this.#models.get(id);
    // A connected account whose creation was refused has left its model behind, and nothing else.
    return model?.connected && !this.platform.state.accounts.get(id) ? undefined : model;
  }

  /** The sandbox's own account first, then the connected ones. */
  all(): Iterable<Model> {
    return this.#models.values();
  }

  /** The account that has the object. If none has it: the sandbox's own, whose lookup then fails as at Stripe. */
  holding(id: string): Model {
    for (const model of this.#models.values()) if (lookUp(model, id) !== undefined) return model;
    return this.platform;
  }

  /** Call it within a transaction. Connecting the same id again changes nothing. */
  connect(id: string, fields: Parameters<typeof buildAccount>[2] = {}): Model {
    const known = this.of(id);
    if (known) return known;
    this.platform.state.accounts.put(buildAccount(id, this.#parts.clock.nowSeconds(), fields));
    return this.#models.get(id) ?? this.#add(id, id);
  }

  #add(id: string, connected: string | null): Model {
    const { journal, clock, newId, agenda, conduct } = this.#parts;
    const accounts = this;
    const model: Model = {
      ...conduct,
      state: new State(journal, connected),
      clock,
      newId,
      agenda: agenda.of(id),
      account: id,
      connected: connected !== null,
      accounts,
      get baseUrl(): string {
        return accounts.baseUrl;
      },
      cause: BY_ITSELF,
    };
    this.#models.set(id, model);
    return model;
  }
}
