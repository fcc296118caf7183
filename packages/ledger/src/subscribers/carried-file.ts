// The file of the read models with all that goes with it: the folder that it may need, and the snapshots that carry it.
import type { EventStore } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import { openReadModelFile, type ReadModelFile, readModelCursor } from '../read-models/read-model-file.ts';
import type { Runtime } from '../runtime.ts';
import { ReadModelSnapshots } from './read-model-snapshots.ts';
import { holdTemporary } from './temporary-folder.ts';

export interface CarriedFile {
  readonly file: ReadModelFile;
  /** Undefined: the store carries none, or there is no file. */
  readonly snapshots: ReadModelSnapshots | undefined;
  /** Saves a last snapshot if it is worth it, closes the file, and removes its folder if that is a temporary one. */
  close(): Promise<void>;
}

export interface CarriedFileOptions {
  readonly store: EventStore;
  readonly path: string;
  readonly runtime: Runtime;
  readonly log: Logger;
}

/** @throws LedgerError as `openReadModelFile`. */
export async function openCarriedFile({ store, path, runtime, log }: CarriedFileOptions): Promise<CarriedFile> {
  const snapshots =
    store.snapshots && path !== ':memory:' ? new ReadModelSnapshots({ snapshots: store.snapshots, path, runtime, log }) : undefined;
  const removeTemporary = holdTemporary(path);
  try {
    await snapshots?.restore();
    const file = await openReadModelFile(path, store, runtime);
    const close = async (): Promise<void> => {
      await snapshots?.stop(() => file.cursor(readModelCursor));
      file.close();
      removeTemporary();
    };
    return { file, snapshots, close };
  } catch (error) {
    removeTemporary();
    throw error;
  }
}
