// Each host example is installed from the registry beside our packed packages, type-checked as its users would, and driven over
// sockets by the same eighteen checks. `npm run torture -- --hosts N` drives every combination N times; one host:
// npx vitest run torture/hosts -t express
import { afterAll, describe, expect, test } from 'vitest';
import { drive, mountedRight } from './drive.ts';
import { hosts } from './hosts.ts';
import { credentials, type Hosts, openHosts, startShop } from './install.ts';

const { TEST_HOST_RUNS } = process.env;
const chosen = Object.entries(hosts).filter(([, { verify }]) => verify || TEST_HOST_RUNS !== undefined);

let opened: Hosts | undefined;
const open = (): Hosts => {
  opened ??= openHosts();
  return opened;
};
afterAll(() => opened?.[Symbol.dispose]());

describe('mounted as its example says', () => {
  test.for(chosen)('%s', async ([name, host], { skip }) => {
    const installed = open().install(host);
    if (typeof installed === 'string') {
      console.warn(`\n  SKIPPED: the example of ${name}: ${installed}.\n`);
      return skip(installed);
    }
    for (let run = 0; run < Number(TEST_HOST_RUNS ?? 1); run++) {
      await using shop = await startShop(installed.folder, host);
      expect(await drive(shop, credentials)).toEqual(mountedRight);
    }
  });
});
