// The tools of scripts/deploy-tools, and how to call them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const deploy = `${root}deploy/`;

export function run(command, args, options = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (error) throw error;
  return { status: status ?? signal, stdout, stderr };
}

function mustRun(command, args, options) {
  const { status, stdout, stderr } = run(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}: ${stderr}`);
  return stdout;
}

const tools = mustRun(`${root}scripts/deploy-tools`, []).trim();
const schemas = (args, input) => JSON.parse(mustRun(`${tools}/python/bin/python`, [`${root}tests/deploy/support/schemas.py`, ...args], { input }));

// Generates requests from an OpenAPI document; see `st run --help`.
export const schemathesis = `${tools}/python/bin/schemathesis`;

// Parses the documents of a YAML text.
export const parse = (text) => schemas(['parse'], text);
export const readYaml = (path) => parse(readFileSync(path, 'utf8'));

// Builds the documents of a folder with a kustomization.yaml.
export const build = (folder) => parse(mustRun(`${tools}/kustomize`, ['build', folder]));

// For each list of documents, its faults by the schemas of Kubernetes and of the Prometheus operator.
export const schemaFaults = (sets) => schemas(['validate', `${tools}/servicemonitor-crd.yaml`], JSON.stringify(sets));
