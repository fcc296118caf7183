// The queue in front of each stream.

/** Lets local callers of one stream take turns, so that they never conflict with each other. */
export function turnTaker(): <T>(stream: string, work: () => Promise<T>) => Promise<T> {
  /** The newest caller of each stream that has one. A caller enters itself, and removes itself when it was the last. */
  const turns = new Map<string, Promise<unknown>>();
  return (stream, work) => {
    const before = turns.get(stream);
    const turn = before ? before.then(work, work) : work();
    turns.set(stream, turn);
    const leave = () => {
      if (turns.get(stream) === turn) turns.delete(stream);
    };
    turn.then(leave, leave);
    return turn;
  };
}
