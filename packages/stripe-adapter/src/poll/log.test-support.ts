// Reads the log of a shop, for tests of the poll.
import type { Shop } from '../shop.test-support.ts';

export async function eventTypes({ store }: Shop, prefixes: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { events } of store.readLog({ prefixes })) found.push(...events.map(({ type }) => type));
  return found;
}
