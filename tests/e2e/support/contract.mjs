// Checks every response of a test against docs/openapi.json: status, headers, body. A field that is missing in the
// document is an error too, so that the document stays complete.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
if (!existsSync(`${root}build/e2e/node_modules`)) throw new Error('run tests/e2e/support/install first');
const require = createRequire(`${root}build/e2e/`);
const { Ajv2020 } = require('ajv/dist/2020');

const document = JSON.parse(readFileSync(`${root}docs/openapi.json`, 'utf8'));

// Clients ignore unknown fields; a test must not.
function close(schema) {
  if (schema === null || typeof schema !== 'object') return;
  if (!Array.isArray(schema) && schema.properties && schema.additionalProperties === undefined) schema.additionalProperties = false;
  Object.values(schema).forEach(close);
}
const closed = structuredClone(document);
close(closed.components.schemas);
close(closed.paths);

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(closed, 'api');

const validators = new Map();
function mustMatch(pointer, value, what) {
  let validate = validators.get(pointer);
  if (!validate) validators.set(pointer, validate = ajv.compile({ $ref: `api#${pointer}` }));
  if (!validate(value)) assert.fail(`${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value).slice(0, 2000)}`);
}

const escaped = (part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
const templates = Object.keys(document.paths).map((template) => ({
  template, pattern: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}));

// Follows a $ref; returns the final pointer and its value.
function resolve(pointer, value) {
  if (!value.$ref) return { pointer, value };
  const target = value.$ref.slice(1);
  return { pointer: target, value: target.split('/').slice(1).reduce((at, part) => at[part], document) };
}

function documented(method, path, status) {
  const found = templates.find(({ pattern }) => pattern.test(path));
  const operation = found && document.paths[found.template][method];
  const key = operation?.responses[status] ? String(status) : 'default';
  if (operation) received.add(`${method} ${found.template} ${status}`);
  if (!operation) return resolve('', { $ref: '#/components/responses/Refused' });
  return resolve(`/paths/${escaped(found.template)}/${method}/responses/${key}`, operation.responses[key]);
}

// The responses of the document, and the received ones: "get /panels 200".
export const described = new Set(Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).filter(([method]) => method !== 'parameters').flatMap(([method, { responses }]) =>
    Object.keys(responses).filter((status) => status !== 'default').map((status) => `${method} ${path} ${status}`))));
export const received = new Set();

// `path`: without its query.
export function checkResponse({ method, path, status, headers, text }) {
  const what = `${method} ${path} -> ${status}`;
  assert.equal(headers['nexus-api-version'], '2', what);
  if (method === 'OPTIONS' && status < 400) return;
  const response = documented(method === 'HEAD' ? 'get' : method.toLowerCase(), path, status);
  const isDefault = response.pointer.endsWith('/Refused') || response.pointer.endsWith('/default');
  assert.ok(!isDefault || status >= 400, `${what} is not in docs/openapi.json`);
  for (const [name, header] of Object.entries(response.value.headers ?? {})) {
    const { pointer, value } = resolve(`${response.pointer}/headers/${escaped(name)}`, header);
    const sent = headers[name.toLowerCase()];
    if (sent === undefined) assert.ok(!value.required, `${what} has no ${name}`);
    else mustMatch(`${pointer}/schema`, sent, `${what}: ${name}`);
  }
  if (status === 405) assert.ok(headers.allow, `${what} has no Allow`);
  if (status === 429 || status === 503) assert.match(headers['retry-after'], /^[1-9]\d*$/, what);
  const [[type] = []] = Object.entries(response.value.content ?? {});
  if (!type) {
    assert.equal(text, '', what);
    assert.equal(headers['content-type'], undefined, what);
    return;
  }
  assert.equal(headers['content-type'].split(';')[0], type, what);
  if (method === 'HEAD') return assert.equal(text, '', what);
  assert.equal(Buffer.byteLength(text), Number(headers['content-length']), what);
  const body = type === 'application/json' ? JSON.parse(text) : text;
  mustMatch(`${response.pointer}/content/${escaped(type)}/schema`, body, what);
}

// Checks complete responses from a raw connection. Their requests are unknown, so only the rules for all responses
// apply.
export function checkRaw(responses) {
  let bytes = Buffer.from(responses);
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [first, ...lines] = bytes.subarray(0, end).toString().split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) [\w -]+$/.exec(first)?.[1] ?? assert.fail(`no answer: ${first}`));
    const headers = Object.fromEntries(lines.map((line) => {
      const [, name, value] = /^([\w-]+): (.*)$/.exec(line) ?? assert.fail(`no header: ${line}`);
      return [name.toLowerCase(), value];
    }));
    const length = Number(headers['content-length'] ?? 0);
    const text = bytes.subarray(end + 4, end + 4 + length).toString();
    if (bytes.length < end + 4 + length) return;
    bytes = bytes.subarray(end + 4 + length);
    if (status === 100) continue;
    assert.equal(headers['nexus-api-version'], '2', first);
    if (status >= 400) mustMatch('/components/schemas/Error', JSON.parse(text), first);
  }
}
