// What binds the collections of all accounts together: a change is one transaction, all of it or, after an error,
// none of it, in memory and in the state file.
import type { ChangeListener, Collection, Row } from './collection.ts';
import type { SavedRow, StateFile } from './state-file.ts';

interface Undo {
  readonly collection: Collection<Row>;
  readonly id: string;
  readonly before: Row | undefined;
}

export class Journal {
  readonly #file: StateFile | undefined;
  /** The rows of the file. Key: the table. Each entry is removed when the collection of its table reads it. */
  readonly #saved = new Map<string, SavedRow[]>();
  #undo: Undo[] | undefined;

  constructor(file?: StateFile) {
    this.#file = file;
    for (const saved of file?.load() ?? []) {
      const rows = this.#saved.get(saved.kind);
      if (rows) rows.push(saved);
      else this.#saved.set(saved.kind, [saved]);
    }
  }

  /** Each collection takes part in every transaction. */
  readonly changed: ChangeListener = (change) => {
    if (!this.#undo) {
      const { collection, id } = change;
      throw new Error(`${collection.kind} ${id} was changed outside a transaction. This is a bug of the sandbox: please report it.`);
    }
    this.#undo.push(change);
  };

  /** What the file has for this collection goes into it. */
  load(collection: Collection<Row>): void {
    for (const { row, place } of this.#saved.get(collection.table) ?? []) collection.restore(row.id, row, place);
    this.#saved.delete(collection.table);
  }

  /** Runs `change` whole or not at all. Inside another transaction it is a part of that one. */
  transaction<T>(change: () => T): T {
    if (this.#undo) return change();
    const undo: Undo[] = [];
    this.#undo = undo;
    try {
      const result = change();
      this.#write(undo);
      return result;
    } catch (error) {
      for (const { collection, id, before } of undo.reverse()) collection.restore(id, before);
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  close(): void {
    this.#file?.close();
  }

  #write(undo: readonly Undo[]): void {
    if (!this.#file || undo.length === 0) return;
    const touched = new Map(undo.map(({ collection, id }) => [`${collection.table} ${id}`, { collection, id }]));
    this.#file.write(
      [...touched.values()].map(({ collection, id }) => {
        return { kind: collection.table, id, place: collection.place(id) ?? 0, row: collection.get(id) };
      }),
    );
  }
}
