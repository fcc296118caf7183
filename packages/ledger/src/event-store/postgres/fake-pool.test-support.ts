// A pool without a server, for what the store does around its calls: it answers each call of the function as a log in memory
// would, or as the test says.
import type { NewEvent } from '../event-store.ts';
import type { PostgresClient, PostgresPool } from './client.ts';

type Listener = (said: never) => void;

/** The values of a call of the function that appends. */
export interface AppendValues {
  readonly streams: readonly string[];
  readonly expected: readonly number[];
  readonly counts: readonly number[];
  /** Appends with one number are made together. */
  readonly sets: readonly number[];
}

type Fault = (values: AppendValues, client: FakeClient) => Error | undefined | Promise<Error | undefined>;

export class FakeClient implements PostgresClient {
  readonly #pool: FakePool;
  readonly listeners: Map<string, Set<Listener>> = new Map();
  released: (Error | boolean | undefined)[] = [];

  constructor(pool: FakePool) {
    this.#pool = pool;
  }

  async query(text: string, values: unknown[] = []): Promise<{ readonly rows: unknown[] }> {
    this.#pool.queries.push(text);
    return { rows: await this.#pool.answer(text, values, this) };
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  removeListener(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  emit(event: string, said: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(said as never);
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  release(error?: Error | boolean): void {
    this.released.push(error);
    if (!error) this.#pool.idle.push(this);
  }
}

export class FakePool implements PostgresPool {
  readonly idle: FakeClient[] = [];
  readonly clients: FakeClient[] = [];
  readonly queries: string[] = [];
  /** The appends of each group that was answered. */
  readonly groups: AppendValues[] = [];
  ended = 0;
  /** Asked before each call of the function: an error that it returns is the answer. */
  fault: Fault = () => undefined;
  readonly #streams = new Map<string, number>();
  #position = 0;

  async connect(): Promise<FakeClient> {
    const client = this.idle.pop() ?? new FakeClient(this);
    if (!this.clients.includes(client)) this.clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    this.ended += 1;
  }

  on(): void {}

  async answer(text: string, values: unknown[], client: FakeClient): Promise<unknown[]> {
    if (!text.includes('append_1')) return [];
    const [streams, expected, counts, sets] = values as [string[], number[], number[], number[]];
    const fault = await this.fault({ streams, expected, counts, sets }, client);
    if (fault) throw fault;
    this.groups.push({ streams, expected, counts, sets });
    const newestOf = (stream: string): number => this.#streams.get(stream) ?? -1;
    const refused = new Set(sets.filter((_, index) => newestOf(streams[index] as string) !== expected[index]));
    const answers = streams.map((stream, index): readonly [number, string] =>
      refused.has(sets[index] as number) ? [newestOf(stream), '-'] : this.#append(stream, counts[index] as number),
    );
    return [{ revisions: answers.map(([revision]) => revision).join(' '), positions: answers.map(([, position]) => position).join(' ') }];
  }

  #append(stream: string, count: number): readonly [number, string] {
    const newest = (this.#streams.get(stream) ?? -1) + count;
    this.#position += count;
    this.#streams.set(stream, newest);
    return [newest, String(this.#position)];
  }
}

/** An error as `pg` makes it of what the server says. */
export function sqlError(code: string, message: string = code): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR' });
}

export function eventOf(chars: number): NewEvent {
  return { id: crypto.randomUUID(), type: 'Noted', data: { text: 'x'.repeat(chars) }, metadata: { version: '1' } };
}
