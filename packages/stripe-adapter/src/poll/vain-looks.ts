// What stays due when it was looked at: Stripe has it no more, or says what nobody understands.

const mostRemembered = 10_000;

/** How often each subscription was looked at in vain, by this process. */
export class VainLooks {
  readonly #counts = new Map<string, number>();

  of(subscriptionId: string): number {
    return this.#counts.get(subscriptionId) ?? 0;
  }

  record(subscriptionId: string, wasVain: boolean): void {
    const count = this.of(subscriptionId) + 1;
    this.#counts.delete(subscriptionId);
    if (!wasVain) return;
    this.#counts.set(subscriptionId, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > mostRemembered && oldest !== undefined) this.#counts.delete(oldest);
  }
}
