// Parses a page of docs/: its sections, their fenced blocks, and the commands and output in the blocks.
import assert from 'node:assert/strict';

// Returns [{title, level, blocks: [{language, text, line}]}], one for each heading; `line` counts from 1.
export function sectionsOf(markdown) {
  const sections = [{ title: '', level: 0, blocks: [] }];
  let block;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(text);
    const heading = /^(#+) (.+)$/.exec(text);
    if (fence && block) {
      sections.at(-1).blocks.push(block);
      block = undefined;
    } else if (fence) block = { language: fence[1], text: '', line: index + 2 };
    else if (block) block.text += `${text}\n`;
    else if (heading) sections.push({ title: heading[2], level: heading[1].length, blocks: [] });
  }
  assert.equal(block, undefined, 'a block that does not end');
  return sections;
}

// The anchor that GitHub gives a heading.
export const anchorOf = (title) => title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');

// The steps of a console block: [{command, shown}]. A command begins with "$ " (shell), "> " (message to a WebSocket)
// or "< " (message from it), and may continue after a backslash; `shown` are the lines after it.
export function stepsOf(block) {
  const steps = [];
  for (const line of block.text.replaceAll('\\\n', ' ').split('\n').slice(0, -1)) {
    if (/^[$<>] /.test(line)) steps.push({ kind: line[0], command: line.slice(2), shown: '' });
    else if (steps.length > 0) steps.at(-1).shown += `${line}\n`;
    else assert.fail(`line ${block.line}: nothing asks for ${line}`);
  }
  return steps;
}

// The words of a command. Only quotes have their shell meaning.
export function wordsOf(command) {
  const parts = [...command.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)|(\s+)/g)];
  const words = [];
  let isNew = true;
  for (const [, single, double, bare, blank] of parts) {
    if (blank === undefined) {
      if (isNew) words.push('');
      words[words.length - 1] += single ?? double ?? bare;
    }
    isNew = blank !== undefined;
  }
  return words;
}

// Ids of executions and suspensions.
const identities = /\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{48})\b/g;
const identity = new RegExp(`^${identities.source}$`);
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const leastTime = 1_600_000_000_000;  // larger numbers are times in ms

// True when the "..." at `at` stands for members, not for a value or elements.
const isMember = (text, at) => text[at - 1] === '{' || (text[at + 3] === '}' && text[at - 1] !== ':');

// Maps the ids on a page, which are those of an earlier run, to the ids of this run: the same id on the page is always
// the same id here.
export class Likeness {
  #ours = new Map();

  // The page's text with the ids of this run.
  ours(text) {
    return text.replaceAll(identities, (id) => this.#ours.get(id) ?? id);
  }

  // Checks JSON against the page, where "..." stands for anything: other members, elements, the rest of a string.
  assertJson(shown, actual) {
    const open = shown.replace(/"(?:[^"\\]|\\.)*"|\.\.\./g,
      (found, at) => (found !== '...' ? found : isMember(shown, at) ? '"...":true' : '"..."'));
    let expected;
    try {
      expected = JSON.parse(open);
    } catch (error) {
      assert.fail(`what the page shows is no JSON: ${error.message}: ${shown}`);
    }
    const path = this.#difference(expected, JSON.parse(actual), '');
    if (path !== undefined) assert.fail(`not as shown at "${path}":\nshown  ${shown}\nactual ${actual}`);
  }

  // Checks lines against the page, where "..." stands for the rest of a line or for whole lines.
  assertText(shown, actual) {
    const pattern = this.ours(shown).trimEnd().split('...').map(escape).join('[^]*');
    assert.match(actual.trimEnd(), new RegExp(`^${pattern}$`));
  }

  // The path of the first difference; undefined: there is none.
  #difference(shown, actual, path) {
    if (typeof shown === 'string') return this.#isLike(shown, actual) ? undefined : path;
    if (typeof shown === 'number' && shown > leastTime) return actual > leastTime ? undefined : path;
    if (shown === null || typeof shown !== 'object') return shown === actual ? undefined : path;
    if (actual === null || typeof actual !== 'object' || Array.isArray(shown) !== Array.isArray(actual)) return path;
    const isOpen = Array.isArray(shown) ? shown.at(-1) === '...' : '...' in shown;
    const names = Object.keys(shown).filter((name) => shown[name] !== '...' || !Array.isArray(shown)).filter((name) => name !== '...');
    if (!isOpen && names.length !== Object.keys(actual).length) return path;
    for (const name of names) {
      const found = name in actual ? this.#difference(shown[name], actual[name], `${path}.${name}`) : `${path}.${name}`;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #isLike(shown, actual) {
    if (shown === '...') return true;
    if (typeof actual !== 'string') return false;
    if (time.test(shown)) return time.test(actual);
    if (identity.test(shown) && identity.test(actual)) {
      if (!this.#ours.has(shown)) this.#ours.set(shown, actual);
      return this.#ours.get(shown) === actual;
    }
    return new RegExp(`^${this.ours(shown).split('...').map(escape).join('[^]*')}$`).test(actual);
  }
}

const escape = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
