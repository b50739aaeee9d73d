// Panels with hostile handlers in one workerd isolate. Serves the part of the HTTP API that the storm uses; calls have
// no limits.
import handlers from 'handlers.mjs';

const panels = new Map();
const own = async ($args, $state) => ({ n: ($state.count = ($state.count ?? 0) + ($args.by ?? 1)), who: $args.who });
const methods = {
  keys: { value() { return Object.keys(this); } },
  get: { value(key) { return this[key]; } },
  set: { value(key, value) { this[key] = value; } },
  update: { value(key, change) { this[key] = change(this[key]); } },
};

const refusal = (status, code) => Response.json({ error: code, code }, { status });
const newState = () => Object.create(Object.create(null, methods));

async function create(request) {
  const { id, tools } = await request.json();
  if (panels.has(id)) return refusal(409, 'PANEL_EXISTS');
  panels.set(id, { state: newState(), tools: new Map(tools.map(({ name, handler }) => [name, handlers.get(handler) ?? own])) });
  return Response.json({ id, status: 'active' }, { status: 201 });
}

async function call(panel, tool, request) {
  const handler = panel.tools.get(tool);
  if (!handler) return refusal(404, 'TOOL_NOT_FOUND');
  const args = await request.json();
  try {
    const returnValue = await handler(args, panel.state, () => {}, () => {});
    return Response.json({ status: 'success', returnValue });
  } catch (error) {
    return Response.json({ status: 'error', error: { code: 'EXECUTION_ERROR', message: String(error?.message).slice(0, 4096) } });
  }
}

export default {
  async fetch(request) {
    const [, , id, , tool] = new URL(request.url).pathname.split('/');
    if (!id) return create(request);
    const panel = panels.get(id);
    if (!panel) return refusal(404, 'PANEL_NOT_FOUND');
    if (tool) return call(panel, tool, request);
    panels.delete(id);
    return new Response(null, { status: 204 });
  },
};
