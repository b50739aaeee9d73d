// Load for every metric: calls that succeed, fail, are rejected and are suspended, triggers, WebSocket clients,
// requests to other servers.
import http from 'node:http';
import { watch } from '../../e2e/support/socket.mjs';

// The settings that the server under test needs for it.
export const settings = { HTTP_ALLOW_PRIVATE: 'true', MAX_CACHE_SIZE_MB: '64', MAX_PANEL_QUEUE: '0', MAX_INSTANCES: '4', MAX_QUEUE: '0', THREADS: '1' };

// Returns a function that makes one round of calls, and resolves when all have responses.
export async function makeLoad(t, server) {
  const service = http.createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  await new Promise((resolve) => { service.on('listening', resolve); });
  t.after(() => service.close());
  const url = `http://127.0.0.1:${service.address().port}/`;
  const manual = { type: 'manual' };
  const all = ['ext:*', 'state:read:*', 'state:write:*', 'events:emit:*'];
  const tools = [
    { name: 'ok', handler: '$state.n = ($state.n ?? 0) + 1; $emit("changed", 1); $log("x"); return $state.n', trigger: manual },
    { name: 'bad', handler: 'throw new Error("no")', trigger: manual },
    { name: 'spin', handler: 'for (;;);', trigger: manual, limits: { timeoutMs: 100 } },
    { name: 'ask', handler: `return (await $ext.http.get("${url}")).status`, trigger: manual },
    { name: 'nap', handler: 'await $ext.timer.sleep(1)', trigger: manual },
    { name: 'tick', handler: 'return 1', trigger: { type: 'interval', ms: 200 } },
    { name: 'heard', handler: 'return 1', trigger: { type: 'event', pattern: 'changed' } },
    { name: 'seen', handler: 'return 1', trigger: { type: 'state_change', path: 'n' } },
  ];
  const made = await server.post('/panels', { id: 'load', kind: 'test', tools, capabilities: all });
  if (made.status !== 201) throw new Error(made.text);
  await server.panel('waits', { wait: 'await $ext.external.wait({})' }, { capabilities: ['ext:external'] });
  const waits = await server.post('/panels/waits/trigger/wait', {}, { prefer: 'respond-async, wait=0' });
  if (waits.status !== 202) throw new Error(waits.text);
  const client = await watch(server, 'load');
  t.after(() => client.ws.terminate());
  let rounds = 0;
  return async () => {
    for (let call = 0; call < 20; ++call) await server.trigger('load', 'ok');
    for (const tool of ['bad', 'ask', 'nap', 'unknown']) await server.trigger('load', tool);
    // The first call takes the panel's turn, so the second one is rejected.
    await Promise.all([server.trigger('load', 'spin'), server.trigger('load', 'spin')]);
    const requestId = String(++rounds);
    client.send({ type: 'TRIGGER', tool: 'ok', requestId });
    // A result or an error: a trigger may have the panel's turn.
    await client.until((message) => message.requestId === requestId);
  };
}
