// Rules and dashboard: checked by promtool, against the documents, and against a scraped server under load.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MemoryCgroup } from '../../bench/storm/cgroup.mjs';
import { readExposition } from '../e2e/support/exposition.mjs';
import { serve } from '../e2e/support/program.mjs';
import { makeLoad, settings } from './support/load.mjs';
import { scrape } from './support/prometheus.mjs';
import { deploy, readYaml, root, run } from './support/tools.mjs';

const options = { timeout: 120_000 };
const folder = `${deploy}prometheus/`;
const ruleFiles = [`${folder}alerts.yml`, `${folder}recording.yml`];
const rules = ruleFiles.flatMap((path) => readYaml(path)[0].groups.flatMap((group) => group.rules));
const alerts = rules.filter(({ alert }) => alert);
const dashboard = JSON.parse(readFileSync(`${deploy}grafana/nexus.json`, 'utf8'));
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const [{ rules: [adapter] }] = readYaml(`${folder}adapter.yml`);

const promtool = (...args) => {
  const { status, stdout, stderr } = run('promtool', args);
  assert.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`);
};

// The query that Grafana would send with all variables selected.
const asSent = (expr) => expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(namespace|instance)\b/g, '.*');

// An alert returns nothing without a problem, but its operands must exist. With "bool" a comparison returns 0 or 1, and
// absent() becomes its argument.
const asData = (expr) => expr.replaceAll(/ (==|!=|>=|<=|>|<) /g, ' $1 bool ').replace(/^absent\((.*)\)$/, '$1');

const expressions = [
  ...rules.map((rule) => [rule.alert ?? rule.record, asData(rule.expr)]),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr, refId }) => [`${title} ${refId}`, asSent(expr)])),
  ...dashboard.annotations.list.map(({ name, expr }) => [name, asData(asSent(expr))]),
];

test('promtool accepts the rules and passes their cases', options, () => {
  promtool('check', 'rules', ...ruleFiles);
  promtool('test', 'rules', ...readdirSync(`${folder}tests`).map((name) => `${folder}tests/${name}`));
});

test('each alert has a case in which it fires and one in which it does not', options, () => {
  const [{ tests }] = readYaml(`${folder}tests/alerts.yml`);
  const cases = tests.flatMap(({ alert_rule_test: list }) => list);
  for (const { alert } of alerts) {
    const own = cases.filter(({ alertname }) => alertname === alert);
    assert.ok(own.some(({ exp_alerts: expected }) => expected?.length > 0), `${alert} never fires`);
    assert.ok(own.some(({ exp_alerts: expected }) => !expected), `${alert} always fires`);
  }
});

test('each recording rule has a case with its value', options, () => {
  const tests = readdirSync(`${folder}tests`).flatMap((name) => readYaml(`${folder}tests/${name}`)[0].tests);
  const asked = tests.flatMap(({ promql_expr_test: list = [] }) => list).filter(({ exp_samples: expected }) => expected?.length > 0)
    .flatMap(({ expr }) => expr.match(/[\w:]+/g));
  const records = rules.flatMap(({ record }) => record ?? []);
  assert.ok(records.length > 0);
  assert.deepEqual(records.filter((record) => !asked.includes(record)), []);
});

// By anchor.
const parts = new Map(readFileSync(`${root}docs/operations.md`, 'utf8').split(/^(?=#)/m).map((part) => {
  const [, title] = /^#+ (.*)/.exec(part) ?? [];
  return [title?.toLowerCase().replaceAll(/[^\w -]/g, '').replaceAll(' ', '-'), part];
}));

test('each alert links to its section of the operations page', options, () => {
  for (const { alert, labels, annotations } of alerts) {
    assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert);
    assert.ok(annotations.summary && annotations.description, alert);
    assert.equal(annotations.runbook_url, `docs/operations.md#${alert.toLowerCase()}`);
    const part = parts.get(alert.toLowerCase());
    for (const what of ['*Seen*', '*Look*', '*Set*']) assert.ok(part?.includes(what), `${alert}: no ${what} in docs/operations.md`);
  }
});

test('the graphs that the operations page names are on the dashboard', options, () => {
  const titles = dashboard.panels.map(({ title }) => title);
  const named = alerts.flatMap(({ alert }) => {
    const [, look] = /^- \*Look\*: ([^]*?)^- /m.exec(parts.get(alert.toLowerCase())) ?? [];
    const lists = look?.replaceAll(/\s+/g, ' ').match(/\bgraphs? \*[^*]+\*(( and| of|,) \*[^*]+\*)*/g) ?? [];
    return lists.flatMap((list) => [...list.matchAll(/\*([^*]+)\*/g)]).map(([, title]) => [alert, title]);
  });
  assert.ok(named.length > 10, `${named.length}`);
  assert.deepEqual(named.filter(([, title]) => !titles.includes(title)), []);
});

test('the panels of the dashboard have distinct titles and do not overlap', options, () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const cells = dashboard.panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
    assert.ok(x >= 0 && x + w <= 24, title);
    return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
  });
  assert.equal(new Set(cells).size, cells.length);
  for (const { title, type, description, datasource, fieldConfig, targets } of panels) {
    assert.ok(type === 'timeseries' && title && description && fieldConfig.defaults.unit, title);
    assert.equal(datasource.uid, '${datasource}', title);
    assert.ok(targets.every(({ expr, legendFormat }) => expr && legendFormat), title);
  }
});

// A memory cgroup, where one can be made: without a limit two of the metrics are missing.
function limited(t) {
  try {
    const group = MemoryCgroup.make(`nexus-deploy-${process.pid}`, 512 << 20);
    return { group, launcher: ['sh', '-c', `echo $$ > ${group.procs} && exec "$@"`, 'sh'] };
  } catch (error) {
    t.diagnostic(`*** NOT PROVED: queries of the container's memory: no memory group can be made here: ${error.message} ***`);
    return { launcher: [] };
  }
}

test('all queries return data from a server under load', options, async (t) => {
  const { group, launcher } = limited(t);
  const server = await serve(t, { env: settings, launcher });
  t.after(async () => {
    await server.ended;
    await group?.remove();
  });
  const load = await makeLoad(t, server);
  const labels = { namespace: 'nexus', pod: 'nexus-0' };
  const prometheus = await scrape(t, { target: `127.0.0.1:${server.port}`, labels, rules: ruleFiles });

  let missing = expressions;
  if (!group) missing = missing.filter(([, expr]) => !expr.includes('nexus_container_memory'));
  const until = Date.now() + 60_000;
  while (missing.length > 0) {
    await load();
    const responses = await Promise.all(missing.map(([, expr]) => prometheus.query(expr)));
    missing = missing.filter((_, index) => !responses[index].some(({ value }) => Number.isFinite(value)));
    if (Date.now() > until) break;
    if (missing.length > 0) await pause(500);
  }
  assert.deepEqual(missing, [], 'nothing is answered');

  await t.test('all rules are evaluated', async () => {
    const { groups } = await prometheus.ask('/api/v1/rules');
    const loaded = groups.flatMap((one) => one.rules);
    assert.deepEqual(loaded.map(({ name }) => name).sort(), rules.map((rule) => rule.alert ?? rule.record).sort());
    assert.deepEqual(loaded.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`), []);
  });

  await t.test('the variables of the dashboard have values', async () => {
    const variables = dashboard.templating.list.filter(({ type }) => type === 'query');
    const values = await Promise.all(variables.map(({ query: { query } }) => {
      const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(asSent(query));
      return prometheus.ask(`/api/v1/label/${label}/values?match[]=${encodeURIComponent(selector)}`);
    }));
    assert.deepEqual(Object.fromEntries(variables.map(({ name }, index) => [name, values[index]])),
      { namespace: [labels.namespace], instance: [`127.0.0.1:${server.port}`] });
  });

  await t.test('the autoscaler gets its metric', async () => {
    const [series] = await prometheus.ask(`/api/v1/series?match[]=${encodeURIComponent(adapter.seriesQuery)}`);
    for (const label of Object.keys(adapter.resources.overrides)) assert.ok(series[label], label);
    const expr = adapter.metricsQuery.replace('<<.Series>>', series.__name__).replace('<<.GroupBy>>', 'pod')
      .replace('<<.LabelMatchers>>', 'namespace="nexus",pod=~"nexus-0|nexus-1"');
    const [{ metric, value }, ...others] = await prometheus.query(expr);
    assert.deepEqual([metric, others], [{ pod: 'nexus-0' }, []]);
    assert.ok(value > 0 && value < 1, `${value}`);
  });

  const { text } = await server.get('/metrics');
  await t.test('promtool has only the known complaint about the metrics', () => {
    const { stdout, stderr } = run('promtool', ['check', 'metrics'], { input: text });
    const complaints = (stdout + stderr).split('\n').filter(Boolean);
    assert.deepEqual(complaints.filter((line) => !line.startsWith('nexus_handler_execution_time_us ')), []);
  });

  await t.test('the dashboard uses every metric, and no unknown one', () => {
    const { families } = readExposition(text);
    const used = new Set(expressions.flatMap(([, expr]) => expr.match(/\b(nexus|process)_[a-z_]+/g) ?? [])
      .map((name) => (families.has(name) ? name : name.replace(/_(bucket|count|sum)$/, ''))));
    const inContainers = (name) => !group && name.startsWith('nexus_container_memory');
    assert.deepEqual([...used].filter((name) => !families.has(name) && !inContainers(name)), []);
    // Terabytes of untouched address space: not worth a graph.
    assert.deepEqual([...families.keys()].filter((name) => !used.has(name)), ['process_virtual_memory_bytes']);
  });
});
