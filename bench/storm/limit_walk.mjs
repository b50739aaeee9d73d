// How the limit moves during a storm, as a kubelet moves it: down in steps, never below what is in use and a margin, and up
// again at once. Pure: numbers in, the next limit out.
const MIB = 2 ** 20;

// What a server must never grant: the room that is left for what it could not foresee.
export const reserveOf = (limit) => Math.max(32 * MIB, limit * 0.05);

// A server may look at the limit once a second only. A step within that time that is larger than half of the reserve
// would have it grant what is no longer there, however well it counts.
export const STEP_MS = 1500;
const LEAST_SHARE = 0.5;

// `size`: the limit that the storm began with. Gives the limit to set now, which may be the one that is set.
export function nextLimit({ limit, size, workingSet, random }) {
  const step = reserveOf(size) / 2;
  const least = Math.max(size * LEAST_SHARE, workingSet + reserveOf(size));
  const lower = limit - Math.round(step * (0.5 + random.next() / 2));
  if (lower >= least && random.next() < 0.85) return lower;
  return random.next() < 0.5 ? size : Math.min(size, limit + Math.round((size - limit) * random.next()));
}
