// docs/examples.md and docs/errors.md show calls and their responses. Each section runs here, and is compared with the
// page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sectionsOf } from './support/page.mjs';
import { SectionRun } from './support/page_run.mjs';
import { runProgram, serve } from './support/program.mjs';

const options = { timeout: 180_000 };

const pageOf = (name) => sectionsOf(readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8'));

// Returns {sections, files, calls}: the sections with calls, the panels of the page by file name, and the text of all
// calls.
function read(name) {
  const sections = pageOf(name);
  const blocksOf = (language) => sections.flatMap(({ blocks }) => blocks.filter((block) => block.language === language));
  const panels = blocksOf('json').map(({ text }) => [JSON.parse(text), text]).filter(([{ tools }]) => tools);
  return {
    sections: sections.filter(({ blocks }) => blocks.some(({ language }) => language === 'console')),
    files: panels.map(([{ id }, text]) => [`${id}.json`, text]),
    calls: blocksOf('console').map(({ text }) => text).join(''),
  };
}

const examples = read('examples.md');
const errors = read('errors.md');

test('there are ten examples, and each panel of a page is created', () => {
  assert.ok(examples.sections.length >= 10, `${examples.sections.length}`);
  for (const { files, calls } of [examples, errors]) {
    for (const [name] of files) assert.ok(calls.includes(`-d @${name}\n`), name);
  }
});

for (const section of examples.sections) {
  test(`example: ${section.title}`, options, (t) => new SectionRun(t, examples.files).run(section));
}

test('the responses of all errors match their page', { timeout: 120_000 }, async (t) => {
  const server = await serve(t);
  for (const section of errors.sections) {
    await t.test(section.title, options, (part) => new SectionRun(part, errors.files, { server }).run(section));
  }
});

// In a smaller container than the page assumes, the limits are others.
const sizing = pageOf('operations.md').find(({ title }) => title === 'Sizing');
test('the output of nexus check for three sizes matches the page', options, async (t) => {
  const { budget } = JSON.parse((await runProgram(['check', '--json'])).stdout);
  if (budget.grantableBytes < 4 * 2 ** 30) return t.skip('less than 4 GiB here');
  return new SectionRun(t, []).run(sizing);
});
