// Containers and images apart from all others on this machine: their roots are in the cache folder, and they use the
// host's network, so that no interfaces or rules are left behind. Needs root, and the tools of `scripts/setup deploy`.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nexus', 'containers');

const files = {
  'storage.conf': `[storage]\ndriver = "overlay"\ngraphroot = "${folder}/storage"\nrunroot = "${folder}/run"\n`,
  // For machines without systemd and with few descriptors; see also DISABLE_HC_SYSTEMD.
  'containers.conf': `[containers]
netns = "host"
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
env = [ENVIRONMENT]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
`,
  // Missing images are an error: no registry is asked.
  'registries.conf': 'unqualified-search-registries = []\n',
};

// The environment in which buildah, podman and `make image` use only that folder. `containerEnvironment`: variables for
// every container, besides those of its image and command line.
export function prepare(containerEnvironment = {}) {
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  const work = mkdtempSync(join(folder, 'test-'));
  const pairs = Object.entries(containerEnvironment).map(([name, value]) => `"${name}=${value}"`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text.replace('ENVIRONMENT', pairs.join(', ')));
  const env = {
    ...process.env,
    NEXUS_CONTAINERS: folder,
    CONTAINERS_STORAGE_CONF: join(work, 'storage.conf'),
    CONTAINERS_CONF: join(work, 'containers.conf'),
    CONTAINERS_REGISTRIES_CONF: join(work, 'registries.conf'),
    BUILDAH_ISOLATION: 'chroot',
    DISABLE_HC_SYSTEMD: 'true',
    TMPDIR: join(folder, 'tmp'),
  };
  const call = (command, args, options = {}) => execFileSync(command, args, { cwd: root, env, encoding: 'utf8', ...options });
  call(join(root, 'tests/deploy/support/base-images'), [], { stdio: ['ignore', 'ignore', 'inherit'] });
  // Removes leftovers of older sources; images that the next build can reuse are younger, or used by younger ones.
  call('podman', ['image', 'prune', '--force', '--filter', 'until=168h'], { stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    work, env,
    // Returns stdout; throws with stderr.
    run: (command, ...args) => call(command, args).trim(),
    podman: (...args) => call('podman', args, { stdio: ['ignore', 'pipe', 'pipe'] }).trim(),
    // {status, stdout, stderr}
    tryPodman: (...args) => spawnSync('podman', args, { env, encoding: 'utf8' }),
    remove: () => rmSync(work, { recursive: true, force: true }),
  };
}

// A folder in memory, like an emptyDir with `medium: Memory` and a limit of 128 MiB. Returns a function that removes
// it.
export function memoryFolder(path, mode) {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=128m,mode=${mode}`, 'tmpfs', path]);
  return () => {
    execFileSync('umount', [path]);
    rmSync(path, { recursive: true, force: true });
  };
}

// The options with which Kubernetes runs an untrusted pod: no root, a read-only root filesystem, no capabilities, the
// default seccomp profile.
export const asKubernetes = (memory = '1g') => ['--network', 'host', '--user', '1000:1000', '--read-only', '--read-only-tmpfs=false',
  '--tmpfs', '/tmp/nexus-cache:rw,size=128m,U,noexec,nosuid,nodev', '--cap-drop', 'all', '--security-opt', 'no-new-privileges',
  '--memory', memory, '--memory-swap', memory, '--pids-limit', '256'];

// Returns a program that runs `nexus` in a container, with its own arguments and environment, for
// tests/e2e/support/program.mjs. `folders` are mounted and belong to the container's user. NEXUS_CONTAINER_OPTIONS adds
// options of podman. All containers get the label.
export function programInContainer({ work, env }, image, folders, label) {
  const program = join(work, 'nexus');
  const pids = join(work, 'pids');
  mkdirSync(pids);
  const template = readFileSync(new URL('run-in-container', import.meta.url), 'utf8');
  const exported = Object.keys(env).filter((name) => /^(CONTAINERS_|DISABLE_HC|HOME$)/.test(name));
  const values = {
    ENVIRONMENT: exported.map((name) => `export ${name}='${env[name]}'`).join('\n'),
    FOLDERS: folders.map((path) => `'${path}'`).join(' '),
    OPTIONS: asKubernetes().join(' '), PIDS: pids, IMAGE: image, REPOSITORY: root, LABEL: label,
  };
  writeFileSync(program, Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`@${name}@`, value), template));
  chmodSync(program, 0o755);
  return { program, pids };
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.on('listening', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}
