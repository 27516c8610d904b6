// How long a server that ended stays down. It always comes back, but a broken one takes little of the machine.

const STEADY = 10_000; // milliseconds after which an end counts as the first one again
const FIRST = 100;
const LONGEST = 2_000; // while it did come up
const BROKEN = 30_000; // after this many ends in a row, the longest pause grows to this
const MANY = 25;

export interface Pause {
  readonly ends: number;
  readonly pause: number;
  /** Whether the user should hear of it: once in a row of ends. */
  readonly tell: boolean;
}

/** Return the pause before the next start of a server that lived for `lived` ms and ended `ends` times before. */
export function pauseBefore(ends: number, lived: number): Pause {
  const row = lived > STEADY ? 1 : ends + 1;
  const longest = row > MANY ? BROKEN : LONGEST;
  return { ends: row, pause: Math.min(longest, FIRST * 2 ** Math.min(row - 1, 20)), tell: row === 5 };
}
