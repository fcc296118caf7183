// One promise that a shop makes to itself, and the story that puts it to the test.
import type { ScenarioName } from './scenario-names.ts';
import type { Stage } from './stage.ts';

export interface Scenario {
  readonly name: ScenarioName;
  /** What must hold, as a sentence. */
  readonly promise: string;
  /** What it costs where it does not. */
  readonly matters: string;
  /** What to do about it. */
  readonly mend: string;
  /** Undefined: it can be played. Else why not, and what would change that. */
  readonly skip?: (stage: Stage) => string | undefined;
  /** @throws Broke where the promise is not kept. */
  readonly play: (stage: Stage) => Promise<void>;
}
