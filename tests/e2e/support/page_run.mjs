// Runs the commands of a page's section and compares their output with the page. Known commands: curl, nexus, npx wscat
// and a few more, see `shell`. Another command is an error of the page.
import assert from 'node:assert/strict';
import http, { STATUS_CODES } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Likeness, stepsOf, wordsOf } from './page.mjs';
import { runProgram, serve } from './program.mjs';
import { watch } from './socket.mjs';

const patienceMs = 20_000;  // until a GET has the shown response

export class SectionRun {
  #likeness = new Likeness();
  #background = [];
  #variables = new Map();

  // `files`: the contents for "-d @NAME". `server`: for sections without "nexus serve"; default: a server of its own.
  // `onAnswer(command, text)` receives the real responses.
  constructor(t, files, { server, onResponse = () => {} } = {}) {
    Object.assign(this, { t, files: new Map(files), shared: server, onResponse });
  }

  async run(section) {
    for (const block of section.blocks.filter(({ language }) => language === 'console')) {
      for (const step of stepsOf(block)) {
        try {
          await this.#step(step);
        } catch (error) {
          error.message = `${section.title}, line ${block.line}: ${step.kind} ${step.command}\n${error.message}`;
          throw error;
        }
      }
    }
    await Promise.allSettled(this.#background);
  }

  async #server() {
    return this.server ??= this.shared ?? await serve(this.t);
  }

  async #step({ kind, command, shown }) {
    const ours = this.#likeness.ours(command);
    if (kind === '<') return this.#likeness.assertJson(command, JSON.stringify(await this.#nextMessage()));
    if (kind === '>') return this.client.send(ours);
    const words = wordsOf(ours).map((word) => word.replace(/\$([A-Z]+)$/, (_, name) => this.#variables.get(name) ?? assert.fail(`$${name}`)));
    const env = {};
    while (/^[A-Z_]+=/.test(words[0])) {
      const [, name, value] = /^(\w+)=(.*)$/s.exec(words.shift());
      env[name] = value;
    }
    if (words.length === 0) return Object.entries(env).forEach(([name, value]) => this.#variables.set(name, value));
    const [program, ...args] = words;
    const does = this.#shell[program] ?? assert.fail(`no such command here: ${program}`);
    return does({ args, env, shown, command });
  }

  #shell = {
    curl: async ({ args, shown, command }) => {
      const server = await this.#server();
      const call = this.#callOf(args);
      if (args.at(-1) === '&') {
        this.#background.push(server.request(call.method, call.path, call.body, call.headers));
        return server.untilMetric(/nexus_executions\{state="running"\} [1-9]/);
      }
      const deadline = Date.now() + patienceMs;
      for (;;) {
        const response = await server.request(call.method, call.path, call.body, call.headers);
        response.text = response.text.replaceAll(server.url.slice('http://'.length), 'localhost:3000');
        this.onResponse(command, textOf(response, call));
        try {
          return this.#assertResponse(shown, response, call);
        } catch (error) {
          // Effects of other executions may take a while to appear.
          if (call.method !== 'GET' || Date.now() >= deadline) throw error;
        }
        await pause(20);
      }
    },
    nexus: async ({ args, env, shown, command }) => {
      if (args[0] === 'serve' && shown === '') {
        assert.equal(this.server, undefined, 'a second server');
        this.server = await serve(this.t, { env, args: args.slice(1) });
        return undefined;
      }
      const { stdout, stderr } = await runProgram(args, { env });
      this.onResponse(command, stdout + stderr);
      return this.#likeness.assertText(shown, stdout + stderr);
    },
    npx: async ({ args }) => {
      assert.equal(args[0], 'wscat');
      const { pathname, search } = new URL(args.at(-1));
      this.client = await watch(await this.#server(), '', { path: pathname + search });
      this.seen = 0;
    },
    // "echo TEXT > FILE", "python3 -m http.server PORT &": a service for $ext.http that serves this file.
    echo: async ({ args }) => this.files.set(args.at(-1), args[0]),
    python3: async ({ args }) => {
      const service = http.createServer((request, response) => {
        const text = this.files.get(request.url.slice(1));
        response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(text);
      });
      await new Promise((resolve) => { service.listen(0, '127.0.0.1', resolve); });
      this.t.after(() => service.close());
      const shownPort = args.find((word) => /^\d+$/.test(word));
      for (const [name, text] of this.files) this.files.set(name, text.replaceAll(`:${shownPort}/`, `:${service.address().port}/`));
    },
    kill: async () => (await this.#server()).child.process.kill('SIGTERM'),
  };

  async #nextMessage() {
    const index = this.seen++;
    return this.client.until((message) => this.client.messages.indexOf(message) === index);
  }

  #callOf(args) {
    const call = { method: 'GET', headers: {}, shows: 'body' };
    for (let i = 0; i < args.length; ++i) {
      const word = args[i];
      if (word === '-s' || word === '&') continue;
      if (word === '-i') call.shows = 'all';
      else if (word === '-X') call.method = args[++i];
      else if (word === '-H') {
        const [, name, value] = /^([\w-]+): (.*)$/.exec(args[++i]);
        call.headers[name.toLowerCase()] = value;
      } else if (word === '-d') {
        const text = args[++i];
        call.body = text[0] === '@' ? this.files.get(text.slice(1)) ?? assert.fail(`no file ${text}`) : text;
        if (call.method === 'GET') call.method = 'POST';
      } else {
        assert.match(word, /^localhost:3000\//);
        call.path = word.slice('localhost:3000'.length);
      }
    }
    return call;
  }

  #assertResponse(shown, response, call) {
    if (call.shows === 'body') {
      if (shown.trim() === '') return assert.equal(response.text, '');
      return this.#assertBody(shown, response);
    }
    const [head, body = ''] = shown.split('\n\n');
    const [first, ...lines] = head.trimEnd().split('\n');
    assert.equal(`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`, first, response.text);
    if (body.trim() === '') assert.equal(response.text, '');
    else this.#assertBody(body, response);
    for (const line of lines.filter((text) => text !== '...')) {
      const [, name, value] = /^([\w-]+): (.*)$/.exec(line);
      this.#likeness.assertText(value, response.headers[name.toLowerCase()] ?? '');
    }
    return undefined;
  }

  #assertBody(shown, { headers, text }) {
    if (headers['content-type'].startsWith('application/json')) this.#likeness.assertJson(shown, text);
    else this.#likeness.assertText(shown, text);
  }
}

function textOf({ status, headers, text }, { shows }) {
  if (shows === 'body') return `${text}\n`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\n${lines}\n${text}\n`;
}
