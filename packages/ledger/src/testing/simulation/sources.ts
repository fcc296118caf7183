// The four sources: webhooks that are repeated until they are acknowledged, the poll, the status query and people. Each calls
// a random process, and reports only what is true at the provider.
import type { Observation } from '../../observation.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { ShopOrder, Story } from './payment-stories.ts';
import type { Provider, ProviderPayment, ProviderUpdate } from './provider.ts';
import type { Answer, SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';

const tier = 'simulated';

export interface SourcesOptions {
  readonly world: World;
  readonly provider: Provider;
  readonly processes: readonly SimulatedProcess[];
  readonly acknowledgements: Acknowledgements;
  readonly orders: readonly ShopOrder[];
}

export class Sources {
  readonly #parts: SourcesOptions;
  readonly #world: World;
  #events = 0;

  constructor(parts: SourcesOptions) {
    this.#parts = parts;
    this.#world = parts.world;
  }

  /** Returns a random process that runs. Undefined: none runs. */
  someProcess(which: (process: SimulatedProcess) => boolean = () => true): SimulatedProcess | undefined {
    const running = this.#parts.processes.filter((process) => process.runs && which(process));
    if (running.length > 0) return this.#world.random.pick(running);
    this.#world.coverage.met('source found no process');
    return undefined;
  }

  /** Makes the payment's moves, one after the other. Some wait until the report of the one before has arrived. */
  play({ payment, moves, transfer }: Story): void {
    const [move, ...rest] = moves;
    if (!move) return;
    this.#world.some(`${payment.reference.id} moves`, () => {
      let goesOn = false;
      const goOn = (): void => {
        if (!goesOn) this.play({ payment, moves: rest, transfer });
        goesOn = true;
      };
      const waits = this.#world.random.chance(0.6);
      for (const update of move()) {
        if (transfer) this.#bankTransfer(payment, update, goOn);
        else this.#makeWebhook(payment, update, goOn);
      }
      if (!waits) goOn();
    });
  }

  #makeWebhook(payment: ProviderPayment, update: ProviderUpdate, onArrival: () => void): void {
    const { random, coverage, options } = this.#world;
    if (random.chance(options.sources.dropped)) {
      coverage.met('webhook never made');
      this.#world.later(random.between(0, 60_000), 'time passes at the provider', onArrival);
      return;
    }
    const eventId = `evt_${++this.#events}`;
    const objectId = update.via === 'session' ? (payment.sessionId ?? payment.reference.id) : payment.reference.id;
    const statement = this.#parts.provider.statement(payment, update, this.#world.providerTime(), { objectId, eventId });
    const copies = random.chance(options.sources.doubled) ? random.between(2, 3) : 1;
    if (copies > 1) coverage.met('webhook doubled');
    for (let copy = 0; copy < copies; copy++) this.#sendWebhook({ ...statement, source: 'webhook' }, 0, onArrival);
  }

  /** Sends a webhook, and repeats it until it is acknowledged. */
  #sendWebhook(observation: Observation, attempt: number, onArrival: () => void): void {
    this.#world.some(`webhook ${observation.evidence.eventId} of ${observation.payment.id}`, async () => {
      if (attempt > 0) this.#world.coverage.met('webhook retried');
      if ((await this.#observe(observation)) === 'acknowledged') {
        this.#world.coverage.met('webhook');
        return onArrival();
      }
      this.#world.later(1_000 * 2 ** Math.min(attempt, 10), 'webhook backs off', () =>
        this.#sendWebhook(observation, attempt + 1, onArrival),
      );
    });
  }

  /** Reports money without a provider object: a person enters it, and repeats that until it is acknowledged. */
  #bankTransfer(payment: ProviderPayment, update: ProviderUpdate, onArrival: () => void): void {
    const { provider } = this.#parts;
    const statement = provider.statement(payment, update, this.#world.providerTime(), { objectId: payment.reference.id });
    const observation: Observation = {
      ...statement,
      orderId: payment.orderId,
      source: 'manual',
      by: { actor: 'support', reason: 'bank transfer' },
    };
    const enter = (): void =>
      this.#world.some(`transfer ${payment.reference.id}`, async () => {
        if ((await this.#observe(observation)) === 'acknowledged') {
          this.#world.coverage.met('manual');
          return onArrival();
        }
        this.#world.later(30_000, 'support tries again', enter);
      });
    enter();
  }

  /** The log was put back: support enters the bank transfers again, from the bank's own list. */
  enterTransfersAgain(): void {
    for (const payment of this.#parts.provider.payments) {
      if (payment.reference.provider !== 'manual') continue;
      for (const statement of this.#parts.provider.read(payment, this.#world.providerTime())) {
        this.#world.some(`transfer ${payment.reference.id} again`, async () => {
          const by = { actor: 'support', reason: 'bank transfer' };
          await this.#observe({ ...statement, orderId: payment.orderId, source: 'manual', by });
        });
      }
    }
  }

  /** A customer opens the success page: reads the provider's present state, and reports it some time later. */
  statusQuery(): void {
    this.#world.some('status query', async () => {
      const { payments } = this.#parts.provider;
      const sessions = payments.filter(({ sessionId, registers }) => sessionId !== undefined && registers.has('attempt'));
      if (sessions.length === 0) return;
      const payment = this.#world.random.pick(sessions);
      for (const statement of this.#parts.provider.read(payment, this.#world.providerTime()).slice(0, 1)) {
        if ((await this.#observe({ ...statement, source: 'status_query' })) === 'acknowledged') this.#world.coverage.met('status query');
      }
    });
  }

  /** A person of support reports a payment by hand, perhaps with a wrong order. */
  repair(): void {
    this.#world.some('support repairs', async () => {
      const { random, options } = this.#world;
      const known = this.#parts.provider.payments.filter(({ registers }) => registers.size > 0);
      if (known.length === 0) return;
      const payment = random.pick(known);
      const [statement] = this.#parts.provider.read(payment, this.#world.providerTime());
      if (!statement) return;
      const orderId = random.chance(options.sources.misnamed) ? random.pick(this.#parts.orders).orderId : payment.orderId;
      const by = { actor: 'support', reason: 'the customer asked' };
      if ((await this.#observe({ ...statement, orderId, source: 'manual', by })) === 'acknowledged') this.#world.coverage.met('manual');
    });
  }

  /** Makes one round of the poll, if the process is elected: reports everything that the provider has. */
  async poll(): Promise<'finished' | 'not finished'> {
    const { provider } = this.#parts;
    const process = this.someProcess();
    if (!process) return 'not finished';
    const progress = await process.call('sweepProgress', (ledger) => ledger.forAdapters.sweepProgress(tier));
    if (!hasValue(progress)) return 'not finished';
    const election = await process.call('startSweep', (ledger) => ledger.forAdapters.startSweep(tier, progress.value.round));
    if (!hasValue(election)) return 'not finished';
    if (election.value.outcome === 'lost') {
      this.#world.coverage.met('sweep taken by another');
      return 'not finished';
    }
    if (election.value.round !== progress.value.round + 1) {
      this.#world.report('one process a round', `${process.name} saw round ${progress.value.round} and was given ${election.value.round}`);
    }
    const upTo = this.#world.providerTime();
    const statements = provider.payments
      .filter(({ reference }) => reference.provider !== 'manual')
      .flatMap((payment) => provider.read(payment, upTo));
    for (const statement of statements) {
      if ((await this.#observe({ ...statement, source: 'poll' }, process)) === 'acknowledged') continue;
      this.#world.coverage.met('sweep died half-way');
      return 'not finished';
    }
    if (statements.length > 0) this.#world.coverage.met('poll');
    const summary = { lookedAt: statements.length, calls: 1, found: statements.length, rescued: 0 };
    const finished = await process.call('finishSweep', (ledger) =>
      ledger.forAdapters.finishSweep(tier, election.value.round, { upTo, summary }),
    );
    return hasValue(finished) ? 'finished' : 'not finished';
  }

  async #observe(
    observation: Observation,
    at: SimulatedProcess | undefined = this.someProcess(),
  ): Promise<'acknowledged' | 'not acknowledged'> {
    const label = `${observation.source} ${observation.payment.id} ${observation.fact.kind} ${observation.fact.status}`;
    const answer = await at?.call(label, async (ledger) => {
      const result = await ledger.observePayment(observation);
      this.#parts.acknowledgements.observed(observation, result);
      return result;
    });
    return answer !== undefined && hasValue(answer) ? 'acknowledged' : 'not acknowledged';
  }
}

export function hasValue<T>(answer: Answer<T>): answer is { readonly value: T } {
  return answer !== 'no answer' && 'value' in answer;
}
