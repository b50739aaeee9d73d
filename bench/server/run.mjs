// Measures the server: node bench/server/run.mjs [--seconds N] [case ...]; prints one JSON object.
import { parseArgs } from 'node:util';
import * as cases from './cases.mjs';

const { values, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '3' } }, allowPositionals: true });
const names = positionals.length ? positionals : Object.keys(cases);
const figures = {};
for (const name of names) {
  if (!(name in cases)) {
    console.error(`there is no case ${name}; there are: ${Object.keys(cases).join(' ')}`);
    process.exit(2);
  }
  console.error(`bench: server, ${name}`);
  Object.assign(figures, await cases[name]({ seconds: Number(values.seconds) }));
}
console.log(JSON.stringify(figures, null, 1));
process.exit(0);
