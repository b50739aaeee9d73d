// Hostile handlers, and the random mix of calls to them. Part of them is the suite of tests/hostile, read from its
// tables.
import { readFileSync } from 'node:fs';

const SUITE = new URL('../../tests/hostile/memory_cases.h', import.meta.url);
const MIB = 2 ** 20;

// Reads the cases of a C++ table: {name, source}. A source is one or more adjacent string literals.
export function readSuite(text) {
  const literals = String.raw`((?:"(?:[^"\\]|\\.)*"\s*)+)`;
  const one = new RegExp(String.raw`\.name = ${literals},\s*\.source\s*=\s*${literals}|in_small_steps\(\s*${literals},\s*${literals}`, 'g');
  const joined = (many) => [...many.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([literal]) => JSON.parse(literal)).join('');
  return [...text.matchAll(one)].map(([, nameA, sourceA, nameB, sourceB]) => ({
    name: joined(nameA ?? nameB), source: joined(sourceA ?? sourceB),
  }));
}

export const suite = readSuite(readFileSync(SUITE, 'utf8'));

// Tools that each panel of a hog has besides some of the suite.
export const standing = {
  breathe: `let sum = 0
for (let round = 0; round < $args.rounds; round++) {
  let kept = []
  for (let i = 0; i < $args.blocks; i++) kept.push(new Uint8Array(65536).fill(i))
  sum += kept.length
}
return sum`,
  hold: `const kept = []
for (let i = 0; i < $args.blocks; i++) kept.push(new Uint8Array(65536).fill(i))
const end = performance.now() + $args.ms
let at = 0
while (performance.now() < end) at += kept[at % kept.length][at % 65536]
return kept.length`,
  wait: `const kept = new Uint8Array($args.bytes).fill(1)
await $ext.timer.sleep($args.ms)
return kept[kept.length - 1]`,
  body: 'return $args.text.length',
  echo: 'return $args.text',
  result: "return 'x'.repeat($args.bytes)",
  grow: "$state['k' + $args.key] = 'x'.repeat($args.bytes)",
  shrink: 'for (const key of $state.keys()) delete $state[key]',
  spin: 'for (;;);',
  recurse: 'const f = (n) => 1 + f(n + 1); return f(0)',
  small: '$state.count = ($state.count ?? 0) + 1; return $state.count',
};

const filler = 'x'.repeat(MIB);
const text = (bytes) => filler.slice(0, bytes);

// The next call of a hog: {tool, args}. `extra`: the panel's tools from the suite.
export function nextCall(random, extra) {
  const kind = random.weighted([
    [30, 'suite'], [15, 'breathe'], [20, 'hold'], [8, 'wait'], [8, 'body'], [4, 'echo'], [8, 'result'], [8, 'grow'], [3, 'shrink'], [6, 'spin'],
    [2, 'recurse'], [4, 'small'],
  ]);
  switch (kind) {
    case 'suite': return { tool: random.of(extra), args: {} };
    case 'breathe': return { tool: kind, args: { rounds: random.whole(1, 12), blocks: random.whole(16, 500) } };
    case 'hold': return { tool: kind, args: { blocks: random.whole(100, 480), ms: random.whole(50, 1500) } };
    case 'wait': return { tool: kind, args: { bytes: random.whole(1e6, 25e6), ms: random.whole(0, 1000) } };
    case 'body':
    case 'echo': return { tool: kind, args: { text: text(random.whole(1, MIB + 1000)) } }; // some exceed BODY_LIMIT
    case 'result': return { tool: kind, args: { bytes: random.whole(1, MIB + 1000) } }; // some exceed MAX_RESULT_BYTES
    case 'grow': return { tool: kind, args: { key: random.whole(0, 7), bytes: random.whole(1, MIB) } };
    default: return { tool: kind, args: {} };
  }
}

// The panel of a hog: the standing tools, and five tools of the suite as s0 to s4.
export function hogPanel(random, id) {
  const chosen = Array.from({ length: 5 }, () => random.of(suite));
  const tools = { ...standing, ...Object.fromEntries(chosen.map(({ source }, i) => [`s${i}`, source])) };
  const limits = random.next() < 0.3 ? { memoryLimitBytes: random.whole(2, 32) * MIB } : {};
  if (random.next() < 0.8) limits.timeoutMs = random.whole(100, 300);
  return { panel: panelOf(id, tools, limits), names: Object.fromEntries(chosen.map(({ name }, i) => [`s${i}`, name])) };
}

export const panelOf = (id, tools, limits = {}) => ({
  id, kind: 'storm', limits, capabilities: ['state:*', 'events:*', 'view:*', 'ext:timer'],
  tools: Object.entries(tools).map(([name, handler]) => ({ name, handler, trigger: { type: 'manual' } })),
});

// The handler of one of the 10,000 panels; no other panel has it.
export const ownHandler = (id) => `const own = {name: '${id}'}; $state.count = ($state.count ?? 0) + 1; return own.name`;

export const HONEST = '$state.count = ($state.count ?? 0) + $args.by; return {n: $state.count, who: $args.who}';
