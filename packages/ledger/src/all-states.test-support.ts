// Explores every state that processes, a provider and its customers can reach together, over the real calls. A process waits in
// front of each call; whoever goes next is chosen in all ways. What was seen before is not explored again: a process that made the
// same calls with the same answers is in the same state. The processes do the same, so states that differ only in who is who are one:
// a process is named by one letter and a number, `s0`, and so is what is its own. A process that dies is one that is never chosen
// again: all that the others can do meanwhile is explored anyway.
import { setImmediate } from 'node:timers/promises';

/** One run from the start, under the choices of the explorer. */
export interface Run {
  /** Waits until it is chosen, then makes the call. `name` names the call; its answer is kept as text. */
  call<T>(process: string, name: string, work: () => Promise<T> | T): Promise<T>;
  /** Says that nothing that the process was told so far changes what it does from here on. */
  forget(process: string, at: string): void;
}

/** What a scenario can do besides its processes, and what it must look like. */
export interface Scenario {
  /** Starts the processes; each one's promise resolves when it has nothing more to do. */
  readonly processes: Readonly<Record<string, () => Promise<unknown>>>;
  /** Steps of others that are possible now, such as of a customer. */
  readonly others: () => readonly { readonly name: string; readonly go: () => Promise<void> | void }[];
  /** All that is shared, a text for each thing, in any order. */
  readonly state: () => Promise<readonly string[]>;
  /** Throws where the state breaks a law. */
  readonly check: () => void;
}

export interface Explored {
  readonly states: number;
  readonly ends: number;
}

interface Waiting {
  readonly process: string;
  readonly name: string;
  readonly go: () => Promise<void>;
}

/** @throws what the scenario's `check` throws, with the steps that led there. */
export async function exploreStates(open: (run: Run) => Promise<Scenario>): Promise<Explored> {
  const seen = new Set<string>();
  let ends = 0;
  const stack: string[][] = [[]];
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const world = new World(open);
    await world.start();
    for (const choice of path) await world.step(choice);
    // On from here by the first choice each time; the others are kept for later.
    for (;;) {
      try {
        world.check();
      } catch (error) {
        throw new Error(`${String(error)}, after ${world.path.join(' ')}`, { cause: error });
      }
      const key = await world.key();
      if (seen.has(key)) break;
      seen.add(key);
      const [first, ...others] = world.choices();
      if (first === undefined) {
        ends++;
        break;
      }
      for (const other of others) stack.push([...world.path, other]);
      await world.step(first);
    }
  }
  return { states: seen.size, ends };
}

class World {
  readonly path: string[] = [];
  scenario!: Scenario;
  readonly #open: (run: Run) => Promise<Scenario>;
  /** What a process threw. */
  #failed: unknown;
  readonly #waiting = new Map<string, Waiting>();
  /** The calls of each process with their answers, as text. */
  readonly #histories = new Map<string, string>();

  constructor(open: (run: Run) => Promise<Scenario>) {
    this.#open = open;
  }

  async start(): Promise<void> {
    this.scenario = await this.#open({
      forget: (process, at) => this.#histories.set(process, at),
      call: (process, name, work) => {
        return new Promise((resolve, reject) => {
          const go = async () => {
            try {
              const answer = await work();
              this.#note(process, `${name}=${JSON.stringify(answer) ?? ''}`);
              resolve(answer);
            } catch (error) {
              this.#note(process, `${name}!${String(error)}`);
              reject(error);
            }
          };
          this.#waiting.set(process, { process, name, go });
        });
      },
    });
    for (const [process, work] of Object.entries(this.scenario.processes)) {
      work().then(
        () => this.#histories.set(process, 'done'),
        (error: unknown) => {
          this.#failed ??= error;
        },
      );
    }
    await settled();
  }

  /** @throws what the scenario's `check` throws, or a process. */
  check(): void {
    if (this.#failed !== undefined) throw this.#failed;
    this.scenario.check();
  }

  choices(): readonly string[] {
    return [...[...this.#waiting.keys()].sort(), ...this.scenario.others().map(({ name }) => name)];
  }

  async step(choice: string): Promise<void> {
    this.path.push(choice);
    const waiting = this.#waiting.get(choice);
    this.#waiting.delete(choice);
    if (waiting) await waiting.go();
    else
      await this.scenario
        .others()
        .find(({ name }) => name === choice)
        ?.go();
    await settled();
  }

  /** One text for all states that differ only in who is who. */
  async key(): Promise<string> {
    const lines = [
      ...(await this.scenario.state()),
      ...[...this.#histories].map(([process, history]) => `${process} did ${history}`),
      ...[...this.#waiting.values()].map(({ process, name }) => `${process} waits ${name}`),
    ];
    const texts = permutations(Object.keys(this.scenario.processes)).map((names) =>
      lines
        .map((line) => line.replaceAll(/s(\d)/g, (_, number: string) => names[Number(number)] ?? ''))
        .sort()
        .join('\n'),
    );
    return texts.sort()[0] ?? '';
  }

  #note(process: string, text: string): void {
    this.#histories.set(process, `${this.#histories.get(process) ?? ''}\n${text}`);
  }
}

function permutations(names: readonly string[]): readonly (readonly string[])[] {
  if (names.length < 2) return [names];
  return names.flatMap((name) => permutations(names.filter((each) => each !== name)).map((rest) => [name, ...rest]));
}

/** Waits until everything has run that waits for no call. */
async function settled(): Promise<void> {
  await setImmediate();
}
