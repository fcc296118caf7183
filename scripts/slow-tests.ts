// A reporter of vitest that names each test which has run for a minute, while it still runs. No test has a time limit, so
// this is how a test that hangs is found.
import type { Reporter } from 'vitest/node';

const minuteMs = 60_000;
const running = new Map<string, { readonly moduleId: string; readonly timer: NodeJS.Timeout }>();

function ended(id: string): void {
  clearInterval(running.get(id)?.timer);
  running.delete(id);
}

export const slowTests: Reporter = {
  onTestCaseReady({ id, fullName, module }) {
    ended(id); // A test that is tried again is ready twice.
    let minutes = 0;
    const name = (): void => {
      minutes += 1;
      console.warn(`Still running after ${minutes} min: ${module.relativeModuleId} > ${fullName}`);
    };
    running.set(id, { moduleId: module.moduleId, timer: setInterval(name, minuteMs).unref() });
  },
  onTestCaseResult({ id }) {
    ended(id);
  },
  // A result may overtake its start: nothing of a module runs once the module has ended.
  onTestModuleEnd({ moduleId }) {
    for (const [id, test] of running) if (test.moduleId === moduleId) ended(id);
  },
};
