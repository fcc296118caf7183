// What the store needs of `pg`, or of another driver of the same shape. Whoever has a pool already passes it.

/** What `pg.Pool` is, and the pool of `@neondatabase/serverless`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PostgresClient) => void): unknown;
}

/** A client of the pool, while it is checked out. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'notice', listener: (notice: { readonly code?: string | undefined }) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'notice', listener: (notice: { readonly code?: string | undefined }) => void): unknown;
  release(error?: Error | boolean): void;
}

/** A row as the driver returns it. The store asks for text alone, since a shop may have set parsers of its own for the rest. */
export type Row = Readonly<Record<string, string | null>>;
