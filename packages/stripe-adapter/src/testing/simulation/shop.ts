// The shop's table of memberships: a status is stored if the stored sequence is lower. Now and then it refuses or stalls.
import type { MembershipChange } from '@paidonce/ledger';
import type { Incarnation, World } from '@paidonce/ledger/simulation';

type Status = Pick<MembershipChange, 'membershipId' | 'sequence' | 'status'>;

export class Shop<Change extends Status = Status> {
  readonly #world: World;
  readonly #rows = new Map<string, Change>();

  constructor(world: World) {
    this.#world = world;
  }

  statusOf(membershipId: string): MembershipChange['status'] | undefined {
    return this.#rows.get(membershipId)?.status;
  }

  rowOf(membershipId: string): Change | undefined {
    return this.#rows.get(membershipId);
  }

  deliver(by: Incarnation, change: Change, signal: AbortSignal): Promise<void> {
    const { membershipId, sequence } = change;
    const { scheduler, network, options } = this.#world;
    const name = `${by.party.name} deliver ${membershipId}:${sequence}`;
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      const step = scheduler.park(network, 'call', name, () => {
        by.underWay.delete(step);
        const fails = this.#world.fault(options.shop.fails);
        if (!fails && (this.#rows.get(membershipId)?.sequence ?? 0) < sequence) this.#rows.set(membershipId, change);
        const isLost = fails || this.#world.fault(options.shop.failsAfterEffect);
        if (!by.dead) scheduler.park(by.party, 'call', `${name}: answer`, () => (isLost ? reject(new Error('simulated')) : resolve()));
      });
      by.underWay.add(step);
    });
  }
}
