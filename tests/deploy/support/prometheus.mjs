// A Prometheus server for one test, which scrapes one server every second.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Returns {query(expr), ask(path)}: `query` resolves with the samples, `ask` with the data of the response.
export async function scrape(t, { target, labels, rules }) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    scrape_configs: [{ job_name: 'nexus', static_configs: [{ targets: [target], labels }] }],
  }));
  const child = spawn('prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`,
    '--web.listen-address=127.0.0.1:0', '--log.format=json'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = await new Promise((resolve, reject) => {
    let log = '', address;
    child.on('error', reject).on('close', () => reject(new Error(`prometheus ended: ${log}`)));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
      address ??= /"address":"(127\.0\.0\.1:[1-9]\d*)"/.exec(log)?.[1];
      if (address && log.includes('Server is ready')) resolve(`http://${address}`);
    });
  });
  const ask = async (path) => {
    const response = await (await fetch(`${url}${path}`)).json();
    if (response.status !== 'success') throw new Error(`${path}: ${response.error}`);
    return response.data;
  };
  const query = async (expr) => (await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)).result
    .map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  return { ask, query };
}
