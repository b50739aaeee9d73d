// Builds the image as `make image` does, and returns functions that start servers in it: `serve` and others of the
// end-to-end tests, and `runImage`, which uses nothing of their environment.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readlinkSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after } from 'node:test';
import { asKubernetes, freePort, memoryFolder, prepare, programInContainer } from './containers.mjs';

export const image = 'localhost/nexus:latest';
export const containers = prepare();
const { podman, run, tryPodman, work } = containers;
export const built = run('make', '-s', 'image');

// The folder for the folders of the end-to-end tests: in memory, as large as the cache's volume.
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

// For serve(): the cache folder of the image, in its own memory-backed volume.
export const ownCache = { CACHE_DIR: '/tmp/nexus-cache', MAX_CACHE_SIZE_MB: '64' };
export const warnings = (server) => server.child.stderr.split('\n').filter((line) => / (warn|error) /.test(line));

// The podman options of a container as Kubernetes runs it, with the image's own environment and command, on a free
// port.
async function asItWouldBe({ memory, env = {} } = {}) {
  const name = `nexus-test-${process.pid}-${++made}`;
  const port = await freePort();
  const all = { HTTP_PORT: port, WS_PORT: 0, NEXUS_HOST: '127.0.0.1', ...env };
  return { name, port, args: ['--name', name, '--label', label, ...asKubernetes(memory),
    ...Object.entries(all).flatMap(([key, value]) => ['--env', `${key}=${value}`]), image] };
}

const pidOf = (name) => Number(podman('inspect', '--format', '{{.State.Pid}}', name));

// Runs such a container. Resolves when the server is ready.
export async function runImage(t, more) {
  const { name, port, args } = await asItWouldBe(more);
  podman('run', '--detach', ...args);
  const isRunning = () => podman('inspect', '--format', '{{.State.Running}}', name) === 'true';
  while (tryPodman('exec', name, 'nexus', 'health').status !== 0) {
    if (!isRunning()) throw new Error(`it ended: ${podman('logs', name)}`);
  }
  return { name, port, pid: pidOf(name), isRunning };
}

// 200, or undefined while nothing listens.
const readiness = (port) => new Promise((resolve) => {
  http.get({ host: '127.0.0.1', port, path: '/health/ready', agent: false }, (response) => resolve(response.resume().statusCode))
    .on('error', () => resolve(undefined));
});

// Milliseconds from the execution of the program in such a container to its first 200 of /health/ready. The container
// is created and started in two steps, as the kubelet does: in between, its process exists with all its restrictions
// but still belongs to the runtime. So the start time in /proc/PID/stat is too early.
export async function timeToReady() {
  const { name, port, args } = await asItWouldBe();
  podman('create', ...args);
  podman('init', name);
  const exe = `/proc/${pidOf(name)}/exe`;
  const isProgram = () => readlinkSync(exe).endsWith('/nexus');
  if (isProgram()) throw new Error(`${name} runs before it is started`);
  const starting = spawn('podman', ['start', name], { env: containers.env, stdio: 'ignore' });
  const started = once(starting, 'close');
  let began;  // the last moment when the process was not yet the program
  do began = performance.now(); while (!isProgram());
  while (await readiness(port) !== 200);
  const took = performance.now() - began;
  await started;
  podman('rm', '--force', '--time', '0', name);
  return took;
}
