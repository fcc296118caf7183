// One promise that a shop makes to itself, and the story that puts it to the test.
import type { ScenarioName } from './scenario-names.ts';
import type { Stage } from './stage.ts';

/** One scenario; its texts are shown in the report. */
export interface Scenario {
  readonly name: ScenarioName;
  /** What must hold, as a sentence. */
  readonly promise: string;
  /** What it costs the shop if it does not. */
  readonly matters: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Why it cannot be played, and what would change that. Undefined: it can be played. */
  readonly skip?: (stage: Stage) => string | undefined;
  /** @throws BrokenPromise if the promise is not kept. */
  readonly play: (stage: Stage) => Promise<void>;
}
