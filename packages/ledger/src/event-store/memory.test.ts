import { storeContract } from '../testing/store-contract.ts';
import { backUpMemoryLog } from './back-up-memory-log.test-support.ts';
import { createMemoryLog, openMemoryEventStore } from './memory.ts';

storeContract('the store in memory', async () => {
  const log = createMemoryLog();
  return {
    open: async () => openMemoryEventStore({ log }),
    remove: async () => undefined,
    backUp: async () => backUpMemoryLog(log),
  };
});
