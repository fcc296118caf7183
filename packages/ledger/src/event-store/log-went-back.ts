// An acknowledged append must stay in the log. Where the last event that this process knows is gone, the log was put back (a
// backup was restored under it), and all that the process remembers of it is void: it refuses every further call.
import { LedgerError } from '../errors.ts';

/** @param what what was found, as a clause without a full stop. */
function logWentBack(what: string): LedgerError {
  return new LedgerError(
    'log_went_back',
    `${what}. Was a backup put back while this process ran? Nothing more is read or acknowledged here: restart the process. After a restore, follow docs/operate/after-a-restore.md`,
  );
}

/** An event that was acknowledged to this process, or read by it. */
export interface KnownEvent<Place> {
  readonly position: Place;
  readonly id: string;
}

/** The newest event that one handle on the log knows, and whether it was missed once. */
export class LastKnown<Place> {
  /** Written by `note`. Undefined: the handle knows no event yet. */
  #event: KnownEvent<Place> | undefined;
  /** Set once by `missed`: from then on every call gets this error. */
  #lost: LedgerError | undefined;

  get event(): KnownEvent<Place> | undefined {
    return this.#event;
  }

  /** Notes an event that was acknowledged or read; an older one changes nothing. */
  note(event: KnownEvent<Place>): void {
    if (this.#event === undefined || event.position > this.#event.position) this.#event = event;
  }

  /** @throws LedgerError `log_went_back`: it was missed before. */
  refuseLost(): void {
    if (this.#lost) throw this.#lost;
  }

  /** Refuses this call and all later ones. @throws LedgerError `log_went_back`. */
  missed(what: string): never {
    this.#lost ??= logWentBack(what);
    throw this.#lost;
  }
}
