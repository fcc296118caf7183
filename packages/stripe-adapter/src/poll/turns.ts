// What is read by its id has its turn in some rounds only, rarer with age.

/** Whether it is read in this round. Each id has its own rounds: thousands of one age are spread over all, so that none takes an hour. */
export function isTurnOf(id: string, round: number, everyRounds: number): boolean {
  let place = 0;
  for (const letter of id) place = (place * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return (round + place) % everyRounds === 0;
}
