import { backUpMemoryLog } from '../testing/back-up-memory-log.ts';
import { storeContract } from '../testing/store-contract.ts';
import { createMemoryLog, openMemoryEventStore } from './memory.ts';

storeContract('the store in memory', async () => {
  const log = createMemoryLog();
  return {
    open: async () => openMemoryEventStore({ log }),
    remove: async () => undefined,
    backUp: async () => {
      const putBack = backUpMemoryLog(log);
      return async () => putBack();
    },
  };
});
