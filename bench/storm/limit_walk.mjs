// Changes the limit during a storm as a kubelet would: down in steps, never below the memory in use plus a margin, and
// up again at once. Pure: numbers in, the next limit out.
const MIB = 2 ** 20;

// The server's reserve, which it never grants, for memory that it could not foresee.
export const reserveOf = (limit) => Math.max(32 * MIB, limit * 0.05);

// A server may check the limit only once a second. A larger step within that time than half of the reserve would make
// it grant memory that is gone, however well it counts.
export const STEP_MS = 1500;
const LEAST_SHARE = 0.5;

// `size`: the limit at the start of the storm. Returns the limit to set now, which may be the present one.
export function nextLimit({ limit, size, workingSet, random }) {
  const step = reserveOf(size) / 2;
  const least = Math.max(size * LEAST_SHARE, workingSet + reserveOf(size));
  const lower = limit - Math.round(step * (0.5 + random.next() / 2));
  if (lower >= least && random.next() < 0.85) return lower;
  return random.next() < 0.5 ? size : Math.min(size, limit + Math.round((size - limit) * random.next()));
}
