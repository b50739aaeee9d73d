// Tools that triggers start, and requests that are sent twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve, until } from './support/program.mjs';

const put = (server, id, tools, more = {}, headers = {}) => server.request('PUT', `/panels/${id}`, {
  kind: 'test', tools: Object.entries(tools).map(([name, [trigger, handler, extra = {}]]) => ({ name, trigger, handler, ...extra })), ...more,
}, headers);
const manual = { type: 'manual' };

const metric = async (server, type, outcome) => Number(new RegExp(`^nexus_triggers_total\\{type="${type}",outcome="${outcome}"\\} (\\d+)$`, 'm')
  .exec((await server.get('/metrics')).text)[1]);

test('an interval starts its tool, and the results can be read', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  await put(server, 'p', { tick: [{ type: 'interval', ms: 20 }, '$state.n = ($state.n ?? 0) + 1; return $args.scheduledAt'] });
  await until(async () => (await server.get('/panels/p/state')).json.n >= 3);
  const { executions } = (await server.get('/executions?panel=p')).json;
  assert.ok(executions.length >= 2);
  assert.deepEqual([executions[0].trigger, executions[0].tool, executions[0].status], ['interval', 'tick', 'success']);
  const result = (await server.get(`/executions/${executions[0].executionId}`)).json;
  assert.match(result.returnValue, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.ok(await metric(server, 'interval', 'started') >= 3);
  await server.request('DELETE', '/panels/p');
});

test('a cron expression with seconds is due within two seconds', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  await put(server, 'p', { tick: [{ type: 'cron', expression: 'CRON_TZ=Europe/Berlin * * * * * *' }, '$state.n = ($state.n ?? 0) + 1'] });
  await until(async () => (await server.get('/panels/p/state')).json.n >= 2);
});

test('a failed tick is logged and listed', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  await put(server, 'p', { tick: [{ type: 'interval', ms: 20 }, "throw new Error('no luck')"] });
  const [, id] = await server.child.untilErrors(/"message":"started by its trigger \(interval\): EXECUTION_ERROR: Error: no luck","panel":"p","tool":"tick","execution":"([^"]+)"/);
  assert.equal((await server.get(`/executions/${id}`)).json.error.code, 'EXECUTION_ERROR');
});

test('events and changes start tools of the same and of other panels', { timeout: 180_000 }, async (t) => {
  for (const threads of ['1', '2']) {
    const server = await serve(t, { env: { THREADS: threads } });
    await put(server, 'audit', { note: [{ type: 'event', panel: 'shop', pattern: 'order.*' }, '$state.seen = [...($state.seen ?? []), $args.event.name]',
      { capabilities: ['state:*', 'events:receive:shop'] }] });
    await put(server, 'shop', {
      buy: [manual, "$state.cart = {total: $args.total}; $emit('order.new', {total: $args.total})"],
      bill: [{ type: 'state_change', path: 'cart.total' }, '$state.billed = $args.value'],
      pack: [{ type: 'event', pattern: 'order.new' }, '$state.packed = $args.event.payload.total'],
    });
    await server.trigger('shop', 'buy', { total: 7 });
    await until(async () => {
      const shop = (await server.get('/panels/shop/state')).json;
      const audit = (await server.get('/panels/audit/state')).json;
      return shop.billed === 7 && shop.packed === 7 && audit.seen?.[0] === 'order.new';
    });
    assert.equal(await metric(server, 'event', 'started'), 2);
    assert.equal(await metric(server, 'state_change', 'started'), 1);
  }
});

test('an invalid trigger is rejected with its path', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  const bad = [
    [{ type: 'cron', expression: '61 * * * *' }, 'expression'], [{ type: 'cron', expression: '0 0 30 2 *' }, 'expression'],
    [{ type: 'state_change', path: 'a[' }, 'path'], [{ type: 'event', pattern: '*', panel: 'other' }, 'panel'],
  ];
  for (const [trigger, member] of bad) {
    const refused = await put(server, 'p', { t: [trigger, 'return 1'] });
    assert.equal(refused.status, 400);
    assert.equal(refused.json.details[0].path, `tools[0].trigger.${member}`);
  }
});

test('the same Idempotency-Key runs once', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  await server.panel('p', { add: '$state.n = ($state.n ?? 0) + 1; return $state.n' });
  const add = (key, args = {}) => server.post('/panels/p/trigger/add', args, { 'idempotency-key': key });
  const responses = await Promise.all(Array.from({ length: 20 }, () => add('one')));
  for (const response of responses) assert.deepEqual(response.json, responses[0].json);
  assert.equal((await add('two')).json.returnValue, 2);
  assert.equal((await add('one', { other: true })).json.code, 'IDEMPOTENCY_MISMATCH');
  assert.equal((await add('one', { other: true })).status, 422);
  assert.equal((await add('no key')).status, 400);
  assert.equal((await server.get('/panels/p/state')).json.n, 2);
  assert.equal((await server.get(`/executions/${responses[0].json.executionId}`)).json.returnValue, 1);
});

test('the key of a suspended call gets the same execution and its result', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  await server.panel('p', { ask: 'return await $ext.external.wait()' }, { capabilities: ['ext:*'] });
  const ask = () => server.post('/panels/p/trigger/ask', {}, { 'idempotency-key': 'k', prefer: 'respond-async' });
  const [first, again] = [await ask(), await ask()];
  assert.equal(again.status, 202);
  assert.equal(again.json.executionId, first.json.executionId);
  await server.post(`/suspensions/${first.json.suspension}/resume`, { success: true, value: 7 });
  const done = await ask();
  assert.deepEqual([done.status, done.json.returnValue], [200, 7]);
});

test('missing arguments take their defaults', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  await put(server, 'p', { t: [manual, 'return $args', { args: { type: 'object', required: ['days'], properties: { days: { type: 'integer', default: 3 }, at: { properties: { x: { default: 0 } } } } } }] });
  const call = async (args) => (await server.trigger('p', 't', args)).json;
  assert.deepEqual((await call({})).returnValue, { days: 3 });
  assert.deepEqual((await call({ at: {}, days: 1 })).returnValue, { at: { x: 0 }, days: 1 });
  assert.equal((await call({ days: 'x' })).code, 'INVALID_REQUEST');
});
