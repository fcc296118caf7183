// A thread that opens new read model files at the same time as another thread. Returns which ones were refused.
import { parentPort, workerData } from 'node:worker_threads';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { testRuntime } from '../test-runtime.test-support.ts';
import { openReadModelFile } from './read-model-file.ts';

export interface Race {
  readonly paths: readonly string[];
  /** How many threads have reached each path. */
  readonly arrived: Int32Array;
}

const { paths, arrived } = workerData as Race;
const refused: string[] = [];
for (const [index, path] of paths.entries()) {
  Atomics.add(arrived, index, 1);
  while (Atomics.load(arrived, index) < 2);
  try {
    (await openReadModelFile(path, openMemoryEventStore(), testRuntime)).close();
  } catch (error) {
    refused.push(String(error));
  }
}
parentPort?.postMessage(refused);
