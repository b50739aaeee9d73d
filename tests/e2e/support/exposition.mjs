// A strict reader of Prometheus' text format 0.0.4: stricter than Prometheus.
import assert from 'node:assert/strict';

const types = ['counter', 'gauge', 'histogram'];
const comment = /^# (HELP|TYPE) ([a-z][a-z0-9_]*) (\S.*)$/;
const sample = /^([a-z][a-z0-9_]*)(?:\{(.+)\})? (\S+)$/;
const label = /([a-z][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=[a-z])|$)/y;

// Returns {families: Map of name -> {type, help}, samples: Map of 'name{labels}' -> number}.
export function readExposition(text) {
  assert.ok(text.endsWith('\n') && !text.includes('\r'), 'lines end with \\n');
  const families = new Map();
  const samples = new Map();
  let family;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('#')) family = readComment(line, families);
    else readSample(line, family, samples);
  }
  for (const [name, { type }] of families) {
    assert.ok(types.includes(type), `${name} has the type ${type}`);
    if (type === 'histogram') checkHistogram(name, samples);
  }
  return { families, samples };
}

// A family has HELP, TYPE and then its samples, once and without a gap.
function readComment(line, families) {
  const [, what, name, rest] = comment.exec(line) ?? assert.fail(line);
  if (what === 'HELP') {
    assert.ok(!families.has(name), `twice: ${name}`);
    families.set(name, { help: rest });
    return undefined;
  }
  const family = families.get(name);
  assert.ok(family && !family.type, `TYPE without its HELP: ${line}`);
  assert.equal([...families.keys()].at(-1), name, `something between HELP and TYPE of ${name}`);
  family.type = rest;
  return { name, ...family };
}

function readSample(line, family, samples) {
  const [, name, labels = '', value] = sample.exec(line) ?? assert.fail(`no sample: ${line}`);
  assert.ok(family, `a sample before its TYPE: ${line}`);
  const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  assert.ok(suffixes.some((suffix) => name === family.name + suffix), `${name} is not of ${family.name}`);
  const names = readLabels(labels);
  assert.equal(new Set(names).size, names.length, `a label twice: ${line}`);
  assert.equal(names.includes('le'), name.endsWith('_bucket'), line);
  const number = Number(value);
  assert.ok(value.trim() === value && Number.isFinite(number), line);
  if (family.type !== 'gauge') assert.ok(number >= 0, `negative: ${line}`);
  const series = labels ? `${name}{${labels}}` : name;
  assert.ok(!samples.has(series), `twice: ${series}`);
  samples.set(series, number);
}

function readLabels(text) {
  const names = [];
  for (label.lastIndex = 0; label.lastIndex < text.length;) {
    const at = label.lastIndex;
    const [, name] = label.exec(text) ?? assert.fail(`no label: ${text.slice(at)}`);
    names.push(name);
  }
  return names;
}

// The bounds and counts of buckets rise; the last bucket is +Inf and equals the count.
function checkHistogram(name, samples) {
  const groups = new Map();
  for (const [series, value] of samples) {
    const match = new RegExp(`^${name}_bucket\\{(.*?),?le="([^"]+)"\\}$`).exec(series);
    if (!match) continue;
    const [, labels, bound] = match;
    if (!groups.has(labels)) groups.set(labels, []);
    groups.get(labels).push({ bound: bound === '+Inf' ? Infinity : Number(bound), value });
  }
  assert.ok(groups.size > 0, `${name} has no buckets`);
  for (const [labels, buckets] of groups) {
    buckets.reduce((before, next) => {
      assert.ok(before.bound < next.bound && before.value <= next.value, `${name}{${labels}} at ${next.bound}`);
      return next;
    });
    const suffix = labels ? `{${labels}}` : '';
    assert.equal(buckets.at(-1).bound, Infinity, name);
    assert.equal(samples.get(`${name}_count${suffix}`), buckets.at(-1).value, name);
    assert.ok(samples.has(`${name}_sum${suffix}`), name);
  }
}
