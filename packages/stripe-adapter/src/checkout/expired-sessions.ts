// Sessions that Stripe has called expired. None of them comes back, so none is asked for again: whoever left many checkouts would
// else wait for a call for each, at each start. It only saves calls, and each process has its own.

/** Most entries; then the oldest is dropped. */
const maxEntries = 10_000;

export class ExpiredSessions {
  readonly #ids = new Set<string>();

  has(sessionId: string): boolean {
    return this.#ids.has(sessionId);
  }

  /** @param session what Stripe answered, in whatever state it is. Undefined: it refused. */
  note(session: unknown): void {
    const { id, status } = (session ?? {}) as Readonly<Partial<Record<'id' | 'status', unknown>>>;
    if (status !== 'expired' || typeof id !== 'string') return;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > maxEntries && oldest !== undefined) this.#ids.delete(oldest);
  }
}
