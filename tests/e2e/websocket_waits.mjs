// Messages to WebSocket clients about suspended executions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './support/program.mjs';
import { watch } from './support/socket.mjs';

const options = { timeout: 180_000 };
const tools = {
  once: '$state.a = 1; await $ext.external.wait("who"); $state.a = 2; return 3',
  thrice: 'return (await Promise.all([1, 2, 3].map((n) => $ext.external.wait(n)))).concat(await $ext.external.wait(4))',
};

async function watched(t) {
  const server = await serve(t, { env: { THREADS: '2' } });
  await server.panel('p', tools, { initialState: {}, capabilities: ['state:*', 'ext:*'] });
  const client = await watch(server, 'p');
  const resume = (id, value) => server.post(`/suspensions/${id}/resume`, { success: true, value }, { prefer: 'respond-async' });
  const told = (type) => client.messages.filter((one) => one.type === type);
  return { server, client, resume, told };
}

test('each segment is committed and reported before the next', options, async (t) => {
  const { server, client, resume } = await watched(t);
  client.send({ type: 'TRIGGER', tool: 'once', requestId: 'r' });
  const { suspensionId, ...progress } = await client.next('PROGRESS');
  assert.deepEqual(client.messages.map(({ type }) => type), ['CONNECTED', 'PATCH', 'PROGRESS']);
  assert.deepEqual((await server.get('/panels/p/state')).json, { a: 1 });
  await resume(suspensionId);
  const { executionId, result } = await client.next('RESULT');
  assert.deepEqual(progress, { type: 'PROGRESS', requestId: 'r', executionId, status: 'suspended', data: 'who' });
  assert.deepEqual(client.messages.slice(1).map(({ type, mutations }) => [type, mutations?.[0].value]),
    [['PATCH', 1], ['PROGRESS', undefined], ['PATCH', 2], ['RESULT', undefined]]);
  assert.equal(result.returnValue, 3);
});

// Regression: each segment reported every open suspension again.
test('each suspension is reported once, to the client that triggered the execution', options, async (t) => {
  const { client, resume, told } = await watched(t);
  client.send({ type: 'TRIGGER', tool: 'thrice', requestId: 'r' });
  for (let n = 1; n <= 4; n += 1) {
    const { data, requestId, suspensionId } = await client.next('PROGRESS');
    assert.deepEqual([data, requestId], [n, 'r']);
    if (n === 3) for (const { suspensionId: id, data: value } of told('PROGRESS')) await resume(id, value);
    if (n === 4) await resume(suspensionId, n);
  }
  assert.deepEqual((await client.next('RESULT')).result.returnValue, [1, 2, 3, 4]);
  assert.equal(told('PROGRESS').length, 4);
});

test('suspensions of an execution that HTTP triggered are reported once, to all clients', options, async (t) => {
  const { server, client, resume, told } = await watched(t);
  const { json } = await server.post('/panels/p/trigger/thrice', {}, { prefer: 'respond-async' });
  for (const { suspensionId, data } of json.suspensions) await resume(suspensionId, data);
  const last = await client.until(({ type, data }) => type === 'PROGRESS' && data === 4);
  assert.equal((await resume(last.suspensionId, 4)).json.status, 'success');
  await client.settled();
  assert.deepEqual(told('PROGRESS').map(({ data, requestId, executionId }) => [data, requestId, executionId]),
    [1, 2, 3, 4].map((n) => [n, undefined, json.executionId]));
});
