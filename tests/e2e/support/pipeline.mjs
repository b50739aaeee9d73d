// Sends `count` requests over one connection, taken from `requests` in turn, at most `ahead` before their responses.
// Resolves after the last response with the count of each text that `pattern` matches, once per response.
export async function pipeline(server, requests, count, { ahead = 50, pattern = /HTTP\/1\.1 (\d+) /g } = {}) {
  const client = server.connect();
  await client.connected;
  client.keepNothing();
  const found = new Map();
  let sent = 0, answered = 0, rest = '';
  const send = (more) => {
    let text = '';
    for (; more > 0 && sent < count; --more) text += requests[sent++ % requests.length];
    if (text) client.socket.write(text);
  };
  send(ahead);
  await new Promise((resolve, reject) => {
    client.socket.on('close', () => reject(new Error(`closed after ${answered} of ${count}`)));
    client.socket.on('data', (text) => {
      rest += text;
      const matches = [...rest.matchAll(pattern)];
      if (matches.length === 0) return;
      rest = rest.slice(matches.at(-1).index + matches.at(-1)[0].length);
      for (const [, word] of matches) found.set(word, (found.get(word) ?? 0) + 1);
      answered += matches.length;
      send(matches.length);
      if (answered === count) resolve();
    });
  });
  client.socket.destroy();
  return found;
}
