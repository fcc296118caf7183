// Several things at the same moment: all are over before the story goes on, also where one of them failed.

/** @throws what the first of them has thrown. */
export async function atOnce(...deeds: readonly (() => Promise<unknown>)[]): Promise<void> {
  const ends = await Promise.allSettled(deeds.map((deed) => deed()));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
