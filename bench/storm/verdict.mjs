// The requirements of a storm, and the check of them. Pure: observations in, rows out.
const MIB = 2 ** 20;

export const HONEST_P99_MS = 20;
// The kernel takes pages for each processor in batches of 64, and counts a batch as used at once; its count of file
// pages, which is subtracted, lags behind by as many (MEMCG_CHARGE_BATCH in mm/memcontrol.c).
const COUNTED_AHEAD_BYTES = 2 * 64 * 4096; // per processor

// An execution that was running when a client deleted its panel ends as CANCELLED, and its result is kept for five
// minutes (kExecutionBytes of runtime/executions). At the end of a storm there are only a few of these.
export const MOST_KEPT_RESULT_BYTES = 8 * 1600;

const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;
export const percentile = (values, p) => values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * p) - 1)];

// The most by which accounted bytes may exceed the working set, and an idle server its earlier size.
export const mostAbove = (workingSet) => Math.max(workingSet / 10, 16 * MIB);
export const mostRss = (before) => before + Math.max(before / 10, 8 * MIB);

// `seen`: as run.mjs collects it. `judgesLatency`: false: latency is reported, and decides nothing. A server without
// metrics has no accounts; their rows are left out. Returns rows {name, required, seen, holds, decides}.
export function judge(seen, { judgesLatency, processors }) {
  const rows = [];
  const row = (name, required, what, holds, decides = true) => rows.push({ name, required, seen: what, holds: Boolean(holds), decides });
  const hasAccounts = seen.before.kinds !== undefined;
  judgeLife(row, seen);
  judgeResponses(row, seen, judgesLatency);
  row('working set above limit - reserve / 2', 'never', times(seen.sampler.overLimit), seen.sampler.overLimit.most <= 0);
  if (hasAccounts) judgeAccounts(row, seen, processors);
  if (seen.after) judgeRest(row, seen, hasAccounts);
  else row('memory is given back', 'within 5 s', 'the server does not respond any more', false);
  return rows;
}

function judgeLife(row, { oomKills, death, hangs, restarted }) {
  row('killed by the kernel', '0', `${oomKills}`, oomKills === 0);
  row('the server lives', 'yes', death ? `ended with ${death.status} after ${death.at_s} s` : 'yes', !death);
  row('the server keeps responding', 'yes', hangs ? `nothing after ${hangs.at_s} s` : 'yes', !hangs);
  row('restarts', '0', restarted ? 'another process' : '0', !restarted);
}

function judgeResponses(row, { clients, honest, sampler, isResponse }, judgesLatency) {
  const asked = Object.values(honest.outcomes).reduce((a, b) => a + b, 0);
  const wrong = clients.unansweredCount + sampler.scrapesFailed +
    Object.entries(honest.outcomes).reduce((sum, [outcome, count]) => sum + (isResponse(outcome) ? 0 : count), 0);
  row('requests without a response', '0', `${wrong} of ${clients.sent + asked + sampler.scrapes}`, wrong === 0 && clients.sent > 0);
  const internal = clients.outcomes['200 INTERNAL_ERROR'] ?? 0;
  row('INTERNAL_ERROR', '0', `${internal}`, internal === 0);
  const p99 = percentile(honest.latencies, 0.99);
  row('p99 of honest calls', `<= ${HONEST_P99_MS} ms`, p99 === undefined ? 'none ran' : `${p99.toFixed(1)} ms`, p99 <= HONEST_P99_MS,
    judgesLatency || p99 === undefined);
  row('honest calls that ran', 'most', `${honest.latencies.length} of ${asked}`, honest.latencies.length > asked / 2, false);
}

function judgeAccounts(row, { sampler, before, after }, processors) {
  row('working set above the accounted bytes', 'never', times(sampler.overAccounted), sampler.overAccounted.most <= processors * COUNTED_AHEAD_BYTES);
  for (const [when, idle] of [['before', before], ['after', after]]) {
    if (!idle) continue;
    const above = idle.accounted - idle.workingSet;
    row(`accounted above the working set, idle ${when}`, `<= ${mib(mostAbove(idle.workingSet))}`, mib(above),
      above <= mostAbove(idle.workingSet));
  }
  const middle = percentile(sampler.accountedAbove, 0.5);
  row('accounted above the working set, median of the storm', `<= ${mib(mostAbove(sampler.highestWorkingSet))}`,
    middle === undefined ? 'unknown' : mib(middle), middle <= mostAbove(sampler.highestWorkingSet), false);
}

function judgeRest(row, { before, after, minInstances }, hasAccounts) {
  row('resident memory is given back within 5 s', `<= ${mib(mostRss(before.rss))}`, `${mib(before.rss)} -> ${mib(after.rss)}`,
    after.rss <= mostRss(before.rss));
  if (!hasAccounts) return;
  const left = Object.entries(after.kinds).filter(([kind]) => kind !== 'server')
    .map(([kind, bytes]) => [kind, bytes - (before.kinds[kind] ?? 0)])
    .filter(([kind, bytes]) => bytes > (kind === 'suspended' ? MOST_KEPT_RESULT_BYTES : 0));
  row('charged beyond the idle server', '0 except results', left.map(([kind, bytes]) => `${kind} ${bytes}`).join(', ') || '0', left.length === 0);
  row('instances shrink to minInstances', `<= ${minInstances}`, `${after.instances}`, after.instances <= minInstances);
  row('panels left', '0', `${after.panels - before.panels}`, after.panels === before.panels);
}

function times({ most, times: count }) {
  return count === 0 ? 'never' : `${count} times, by ${mib(most)} at most`;
}

export const allHeld = (rows) => rows.every(({ holds, decides }) => holds || !decides);

export function table(rows) {
  const lines = [['', 'required', 'seen', 'held'], ...rows.map(({ name, required, seen, holds, decides }) =>
    [name, required, seen, holds ? 'yes' : decides ? 'NO' : 'no (reported only)'])];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
