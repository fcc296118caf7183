// Runs several things at the same moment. All have ended before the story goes on, even if one fails.

/** @throws the error of the first in the list that failed. */
export async function concurrently(...deeds: readonly (() => Promise<unknown>)[]): Promise<void> {
  const ends = await Promise.allSettled(deeds.map((deed) => deed()));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
