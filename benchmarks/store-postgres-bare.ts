// What PostgreSQL can do with the same rows: one plain INSERT for each group, on one connection, without a lock and without a
// check. Groups form as in the store.
import type { PoolClient } from 'pg';

interface Waiting {
  readonly stream: number;
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const groupAppends = 512;
/** Each process has positions and streams of its own: so many. */
const share = 1_000_000_000_000;

export class BareLoop {
  readonly #client: PoolClient;
  readonly #schema: string;
  readonly #text: { readonly data: string; readonly metadata: string };
  readonly #streams = new Map<string, number>();
  readonly #first: number;
  /** The last position that was given. Written by `#insert`. */
  #position: number;
  #queue: Waiting[] = [];
  #isRunning = false;

  constructor(client: PoolClient, schema: string, index: number, text: { readonly data: string; readonly metadata: string }) {
    this.#client = client;
    this.#schema = schema;
    this.#text = text;
    this.#first = index * share;
    this.#position = this.#first;
  }

  append(name: string, revision: number): Promise<void> {
    const stream = this.#streams.get(name) ?? this.#first + this.#streams.size + 1;
    this.#streams.set(name, stream);
    return new Promise((resolve, reject) => {
      this.#queue.push({ stream, revision: revision + 1, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const group = this.#queue.splice(0, groupAppends);
      try {
        await this.#insert(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isRunning = false;
  }

  async #insert(group: readonly Waiting[]): Promise<void> {
    const { data, metadata } = this.#text;
    const positions = group.map(() => {
      this.#position += 1;
      return this.#position;
    });
    await this.#client.query(
      `insert into ${this.#schema}.bare (position, stream, revision, id, type, data, metadata)
       select * from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[])`,
      [
        positions,
        group.map(({ stream }) => stream),
        group.map(({ revision }) => revision),
        group.map(() => crypto.randomUUID()),
        group.map(() => 'Benched'),
        group.map(() => data),
        group.map(() => metadata),
      ],
    );
  }
}
