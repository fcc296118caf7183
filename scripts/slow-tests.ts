// A reporter of vitest that names each test which has run for a minute, while it still runs. No test has a time limit, so
// this is how a test that hangs is found.
import type { Reporter } from 'vitest/node';

const minuteMs = 60_000;
const running = new Map<string, NodeJS.Timeout>();

export const slowTests: Reporter = {
  onTestCaseReady({ id, fullName, module }) {
    let minutes = 0;
    const name = (): void => {
      minutes += 1;
      console.warn(`Still running after ${minutes} min: ${module.relativeModuleId} > ${fullName}`);
    };
    running.set(id, setInterval(name, minuteMs).unref());
  },
  onTestCaseResult({ id }) {
    clearInterval(running.get(id));
    running.delete(id);
  },
};
