// Builds the image as `make image` does, and gives what starts servers in it: `serve` and the others of the end-to-end
// tests, and `runImage`, without any of their environment.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { asKubernetes, freePort, memoryFolder, prepare, programInContainer } from './containers.mjs';

export const image = 'localhost/nexus:latest';
export const containers = prepare();
const { podman, run, tryPodman, work } = containers;
export const built = run('make', '-s', 'image');

// Where the end-to-end tests make their folders: in memory, as large as the cache's folder is to be.
export const folder = join(work, 'tmp');
mkdirSync(folder);
const label = `nexus-test=${process.pid}`;
const removeFolder = memoryFolder(folder, '1777');
const { program, pids } = programInContainer(containers, image, [folder], label);
export const environment = { NEXUS_BIN: program, NEXUS_PID_FOLDER: pids, NEXUS_UID: '1000', TMPDIR: folder };
Object.assign(process.env, environment);
export const { runProgram, serve } = await import('../../e2e/support/program.mjs');
export const { watch } = await import('../../e2e/support/socket.mjs');

let made = 0;
after(() => {
  const left = podman('ps', '--all', '--quiet', '--filter', `label=${label}`).split('\n').filter(Boolean);
  if (left.length > 0) podman('rm', '--force', '--time', '0', ...left);
  removeFolder();
  containers.remove();
});

// For serve(): the cache as the image has it, in a memory-backed folder of its own.
export const ownCache = { CACHE_DIR: '/tmp/nexus-cache', MAX_CACHE_SIZE_MB: '64' };
export const warnings = (server) => server.child.stderr.split('\n').filter((line) => / (warn|error) /.test(line));

// A container as it would be there: with the image's own environment and command, on a free port. Resolves when it is ready.
export async function runImage(t, { memory, env = {} } = {}) {
  const name = `nexus-test-${process.pid}-${++made}`;
  const port = await freePort();
  const all = { HTTP_PORT: port, WS_PORT: 0, NEXUS_HOST: '127.0.0.1', ...env };
  podman('run', '--detach', '--name', name, '--label', label, ...asKubernetes(memory),
    ...Object.entries(all).flatMap(([key, value]) => ['--env', `${key}=${value}`]), image);
  const isRunning = () => podman('inspect', '--format', '{{.State.Running}}', name) === 'true';
  while (tryPodman('exec', name, 'nexus', 'health').status !== 0) {
    if (!isRunning()) throw new Error(`it ended: ${podman('logs', name)}`);
  }
  return { name, port, pid: Number(podman('inspect', '--format', '{{.State.Pid}}', name)), isRunning };
}
