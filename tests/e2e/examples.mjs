// docs/examples.md says what happens: each of its sections is run against a server of its own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sectionsOf } from './support/page.mjs';
import { SectionRun } from './support/page_run.mjs';

const sections = sectionsOf(readFileSync(new URL('../../docs/examples.md', import.meta.url), 'utf8'));
const blocksOf = (language) => sections.flatMap(({ blocks }) => blocks.filter((block) => block.language === language));
const files = blocksOf('json').map(({ text }) => [`${JSON.parse(text).id}.json`, text]);
const examples = sections.filter(({ blocks }) => blocks.some(({ language }) => language === 'console'));

test('the page has ten examples, and all that it shows is in one of them', () => {
  assert.ok(examples.length >= 10, `${examples.length}`);
  assert.ok(examples.every(({ level }) => level === 2));
  const calls = blocksOf('console').map(({ text }) => text).join('');
  for (const [name] of files) assert.ok(calls.includes(`-d @${name}\n`), name);
});

for (const example of examples) {
  test(`example: ${example.title}`, { timeout: 60_000 }, (t) => new SectionRun(t, files).run(example));
}
