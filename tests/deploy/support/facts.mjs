// Facts about the program under test, for checking the manifests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readExposition } from '../../e2e/support/exposition.mjs';
import { serve } from '../../e2e/support/program.mjs';
import { deploy, readYaml, run } from './tools.mjs';

const program = process.env.NEXUS_BIN;
const MiB = 2 ** 20;

export async function readFacts(t) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const secret = join(folder, 'jwt-secret');
  writeFileSync(secret, 'of the test alone, and 32 bytes long or more');
  // The pod's environment, with other files. Nothing listens, because the port may be taken here.
  const env = (settings) => ({ PATH: process.env.PATH, ...settings, CACHE_DIR: folder, ...(settings.JWT_SECRET_FILE && { JWT_SECRET_FILE: secret }) });
  const ask = (command, settings) => run(program, [command, '--json'], { env: env(settings) });

  const { metrics } = await scrape(t);
  const reserves = new Map();
  const [{ rules }] = readYaml(`${deploy}prometheus/adapter.yml`);
  return {
    env,
    metrics,
    settings: new Set(JSON.parse(ask('config', {}).stdout).settings.map(({ name }) => name)),
    adapterMetrics: new Set(rules.map(({ seriesQuery }) => /^\w+/.exec(seriesQuery)[0])),
    configFaults: (settings) => {
      const { status, stdout, stderr } = ask('config', settings);
      return status === 0 && stderr === '' ? [] : [`nexus config: ${status}: ${stdout}${stderr}`];
    },
    // The reserve of the program in a container with that limit.
    reserveBytes: (limit) => {
      if (!(limit >= 64 * MiB)) return NaN;
      if (!reserves.has(limit)) {
        const { stdout } = ask('check', { MEMORY_BUDGET_MB: String(Math.floor(limit / MiB)) });
        reserves.set(limit, JSON.parse(stdout).budget.reserveBytes);
      }
      return reserves.get(limit);
    },
  };
}

async function scrape(t) {
  const server = await serve(t);
  const { families } = readExposition((await server.get('/metrics')).text);
  return { metrics: new Set(families.keys()) };
}
