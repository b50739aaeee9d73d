// Samples the kernel's counters and the server's metrics every 100 ms, and keeps what the verdict needs.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { reserveOf } from './limit_walk.mjs';
import { request } from './request.mjs';

const EACH_MS = 100;
const MOST_KEPT = 20;
const SERIES_STEP_S = 2;

// Reads from Prometheus' text: {accounted: {kind: bytes}, unaccounted, rss, started, idle, active, panels}, all bytes
// or counts.
export function readMetrics(text) {
  const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  const accounted = Object.fromEntries([...text.matchAll(/^nexus_memory_accounted_bytes\{kind="(\w+)"\} (\S+)$/gm)]
    .map(([, kind, bytes]) => [kind, Number(bytes)]));
  return {
    accounted,
    unaccounted: value('nexus_memory_unaccounted_bytes') || 0,
    rss: value('process_resident_memory_bytes'),
    started: value('process_start_time_seconds'),
    idle: value('nexus_instances\\{state="idle"\\}'),
    active: value('nexus_instances\\{state="active"\\}'),
    panels: value('nexus_panels'),
  };
}

export const accountedOf = ({ accounted, unaccounted }) => Object.values(accounted).reduce((a, b) => a + b, 0) + unaccounted;

export class Sampler {
  // `url`: of a server with metrics, or undefined.
  constructor(group, url) {
    this.group = group;
    this.url = url;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.began = performance.now();
    this.seen = {
      samples: 0, scrapes: 0, scrapesFailed: 0, slowestScrapeMs: 0, highestWorkingSet: 0, highestAccounted: 0,
      // Each violation with its time and bytes: {largest, how often, the first few}
      overAccounted: { most: 0, times: 0, first: [] },
      overLimit: { most: 0, times: 0, first: [] },
      accountedAbove: [], // accounted bytes - working set, of each sample
      // For a plot: of each SERIES_STEP_S the sample with the least free memory, [second, working set, limit, accounted or 0].
      series: [],
    };
    this.isOver = false;
    this.excessBefore = 0;
  }

  // Reads the working set before and after: memory that changes while the server responds is no fault of its accounts.
  async once() {
    const before = this.group.workingSet();
    const limit = this.group.limit;
    const metrics = await this.#scrape();
    const after = this.group.workingSet();
    const sample = { limit, workingSet: Math.min(before, after), highest: Math.max(before, after), metrics };
    this.#keep(sample);
    return sample;
  }

  async #scrape() {
    if (!this.url) return undefined;
    try {
      const { status, text, ms } = await request(`${this.url}/metrics`, { method: 'GET', agent: this.agent, longestMs: 10_000 });
      this.seen.scrapes += 1;
      this.seen.slowestScrapeMs = Math.max(this.seen.slowestScrapeMs, ms);
      if (status === 200) return readMetrics(text);
    } catch {
      // the sampler counts it below
    }
    this.seen.scrapesFailed += 1;
    return undefined;
  }

  #keep({ limit, workingSet, highest, metrics }) {
    const { seen } = this;
    seen.samples += 1;
    seen.highestWorkingSet = Math.max(seen.highestWorkingSet, highest);
    this.#note(seen.overLimit, highest - (limit - reserveOf(limit) / 2), { workingSet: highest, limit });
    const accounted = metrics ? accountedOf(metrics) : 0;
    this.#draw(highest, limit, accounted);
    if (!metrics) return;
    seen.highestAccounted = Math.max(seen.highestAccounted, accounted);
    // The kernel's figure and the server's are read at different moments, between which megabytes may change: one
    // sample over the limit proves nothing, two in a row do.
    const excess = workingSet - accounted;
    this.#note(seen.overAccounted, Math.min(excess, this.excessBefore), { workingSet, accounted });
    this.excessBefore = excess;
    seen.accountedAbove.push(accounted - workingSet);
  }

  #draw(workingSet, limit, accounted) {
    const { series } = this.seen;
    const second = Math.floor((performance.now() - this.began) / 1000 / SERIES_STEP_S) * SERIES_STEP_S;
    const [last, highest, lowest] = series.at(-1) ?? [];
    if (last !== second) series.push([second, workingSet, limit, accounted]);
    else if (limit - workingSet < lowest - highest) series[series.length - 1] = [second, workingSet, limit, accounted];
  }

  #note(list, excess, around) {
    list.most = Math.max(list.most, excess);
    if (excess <= 0) return;
    list.times += 1;
    if (list.first.length < MOST_KEPT) list.first.push({ at_s: Math.round((performance.now() - this.began) / 100) / 10, ...around });
  }

  async run() {
    this.began = performance.now();
    while (!this.isOver) {
      const next = performance.now() + EACH_MS;
      await this.once();
      await sleep(Math.max(0, next - performance.now()));
    }
    this.agent.destroy();
  }

  stop() {
    this.isOver = true;
  }
}
