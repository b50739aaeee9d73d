// The image: its contents, and that it runs where Kubernetes would run it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { containers, image, ownCache, runImage, serve, warnings } from './support/image_under_test.mjs';
import { memoryFolder, root } from './support/containers.mjs';

const options = { timeout: 120_000 };
const MiB = 1 << 20;
const { podman, run, tryPodman, work } = containers;

const statusOf = (pid) => Object.fromEntries(readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').map((line) => line.split(/:\s+/)));

// Calls `look` with the folder of the image's files.
function mounted(look) {
  try {
    return look(podman('image', 'mount', image));
  } finally {
    podman('image', 'unmount', image);
  }
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

test('its labels and configuration are complete', options, () => {
  const [{ Config: config, Labels: labels, Healthcheck: health, Size: size }] = JSON.parse(podman('image', 'inspect', image));
  assert.ok(size <= 60e6, `${size} bytes`);
  const version = /kVersion\[\] = "(.*)"/.exec(readFileSync(join(root, 'apps/nexus/version.h'), 'utf8'))[1];
  assert.equal(labels['org.opencontainers.image.version'], version);
  assert.match(podman('run', '--rm', image, '--version'), new RegExp(`^nexus ${version} `));
  assert.match(labels['org.opencontainers.image.revision'], /^[0-9a-f]{40}$/);
  for (const name of ['title', 'description', 'licenses']) assert.ok(labels[`org.opencontainers.image.${name}`], name);
  assert.equal(config.User, '1000:1000');
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.deepEqual([config.Entrypoint, config.Cmd], [['nexus'], ['serve']]);
  assert.deepEqual(health.Test, ['CMD', 'nexus', 'health']);
  const settings = JSON.parse(podman('run', '--rm', '--env', 'AUTH_ENABLED=false', image, 'config', '--json')).settings;
  const valueOf = (name) => settings.find((one) => one.name === name).value;
  assert.deepEqual([valueOf('HOST'), valueOf('CACHE_DIR')], ['0.0.0.0', '/tmp/nexus-cache']);
  const tag = /^ARG BASE=rust:([\d.]+)-/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))[1];
  assert.equal(tag, /channel = "(.*)"/.exec(readFileSync(join(root, 'rust-toolchain.toml'), 'utf8'))[1]);
});

// Debian's buildah knows the short name "debian" but not "rust". This buildah records what it is asked for.
test('a machine without the base image pulls it by its full name', options, () => {
  const folder = join(work, 'without-base');
  mkdirSync(folder);
  writeFileSync(join(folder, 'buildah'), `#!/bin/sh\necho "$@" >>${folder}/asked\n[ "$1" != inspect ] && [ "$1" != pull ] || exit 1\n`, { mode: 0o755 });
  const build = (env) => {
    rmSync(join(folder, 'asked'), { force: true });
    const { status, stderr } = spawnSync(join(root, 'scripts/build-image'), { encoding: 'utf8', env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, ...env } });
    return { status, stderr, asked: readFileSync(join(folder, 'asked'), 'utf8') };
  };
  const { status, stderr, asked } = build({});
  assert.equal(status, 1);
  assert.match(asked, /^pull --quiet \S+\/library\/rust:[\d.]+-slim-bookworm$/m);
  assert.doesNotMatch(asked, /^bud/m);
  assert.match(stderr, /^image: \S+ is not here and cannot be pulled; BASE=\S+ says where else it is$/m);
  assert.match(build({ BASE: 'mirror.example/rust:1' }).asked, /^pull --quiet mirror\.example\/rust:1$/m);
});

test('it contains only the program, its libraries, certificates and time zones', options, () => {
  mounted((folder) => {
    const files = filesIn(folder).map((path) => path.slice(folder.length));
    const others = files.filter((path) => !/^\/lib(64)?\/.*\.so(\.[\d.]+)?$|^\/usr\/share\/zoneinfo\//.test(path)).sort();
    assert.deepEqual(others.filter((path) => !/^\/(dev|proc|sys|run|etc\/(hosts|hostname|resolv\.conf|mtab))/.test(path)),
      ['/etc/group', '/etc/nsswitch.conf', '/etc/passwd', '/etc/ssl/certs/ca-certificates.crt', '/usr/local/bin/nexus']);
    for (const path of files) {
      const { mode } = statSync(join(folder, path), { throwIfNoEntry: false }) ?? { mode: 0 };
      assert.equal(mode & 0o6002, 0, `${path} is ${mode.toString(8)}`);
    }
    assert.ok(existsSync(join(folder, 'usr/share/zoneinfo/Europe/Berlin')));
    const { uid, gid } = statSync(join(folder, 'tmp/nexus-cache'));
    assert.deepEqual([uid, gid], [1000, 1000]);
  });
  const shell = tryPodman('run', '--rm', '--entrypoint', '/bin/sh', image, '-c', 'true');
  assert.equal(shell.status, 127, shell.stderr);
});

test('it has no privileges, and sees its memory limit', options, async (t) => {
  const server = await serve(t, { env: ownCache });
  const status = statusOf(server.pid);
  assert.match(status.Uid, /^1000\s+1000\s/);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(status[set], /^0+$/, set);
  assert.deepEqual([status.NoNewPrivs, status.Seccomp], ['1', '2']);
  const mount = readFileSync(`/proc/${server.pid}/mountinfo`, 'utf8').split('\n').find((line) => line.split(' ')[4] === '/');
  assert.match(mount.split(' ')[5], /^ro\b/);
  const { limits } = (await server.get('/runtime/memory')).json;
  assert.equal(limits.find(({ layer }) => layer === 'container').limitBytes, 1024 * MiB);
  assert.deepEqual(warnings(server), []);
});

// Volumes that the container's user owns, and volumes as Kubernetes makes them: owned by root and world-writable.
for (const [name, mode, owner] of [['of its own', '0755', '1000:1000'], ['that is open to all', '0777', '0:0']]) {
  test(`it keeps images of handlers in a folder ${name}`, options, async (t) => {
    const volume = join(work, `volume-${mode}`);
    const remove = memoryFolder(volume, mode);
    t.after(remove);
    run('chown', owner, volume);
    const env = { ...ownCache, CACHE_DIR: '/cache', NEXUS_CONTAINER_OPTIONS: `--volume ${volume}:/cache` };
    const source = 'return $args.n * 2';
    const first = await serve(t, { env });
    await first.panel('p', { double: source });
    await first.trigger('p', 'double', { n: 1 });
    process.kill(first.pid, 'SIGTERM');
    assert.equal(await first.ended, 0);
    assert.ok(filesIn(join(volume, 'images-1000')).length > 0);
    assert.equal(statSync(join(volume, 'images-1000')).uid, 1000);

    const second = await serve(t, { env });
    await second.panel('p', { double: source });
    assert.equal((await second.trigger('p', 'double', { n: 2 })).json.returnValue, 4);
    await second.untilMetric(/nexus_cache_requests_total\{result="disk"\} [1-9]/);
    assert.deepEqual(warnings(second), []);
    process.kill(second.pid, 'SIGTERM');
    assert.equal(await second.ended, 0);
  });
}

test('it keeps images of handlers in its own tmpfs', options, async (t) => {
  const server = await serve(t, { env: ownCache });
  await server.panel('p', { a: 'return 1' });
  const own = `/proc/${server.pid}/root/tmp/nexus-cache/images-1000`;
  while (!existsSync(own) || filesIn(own).length === 0) await server.get('/health/live');
  assert.deepEqual(warnings(server), []);
});

test('podman checks its health', options, async (t) => {
  const { name, port } = await runImage(t);
  assert.equal(podman('exec', name, 'nexus', 'health'), `http://127.0.0.1:${port} is ready`);
  podman('healthcheck', 'run', name);
  assert.equal(podman('inspect', '--format', '{{.State.Health.Status}}', name), 'healthy');
});

// The other way copies memories back whole.
test('its write tracking is the fast kind', options, async (t) => {
  const server = await serve(t, { env: { ...ownCache, THREADS: '1', MIN_INSTANCES: '1' } });
  await server.panel('p', { a: 'return 1' });
  assert.equal((await server.trigger('p', 'a')).json.returnValue, 1);
  const { active, idle, writeTracking } = (await server.get('/runtime/memory')).json.pool;
  assert.deepEqual(writeTracking, { protected: active + idle, copied: 0 });
  const { instances } = JSON.parse(podman('run', '--rm', '--env', 'AUTH_ENABLED=false', image, 'check', '--json'));
  assert.deepEqual(instances.writeTracking, { protected: instances.max, copied: 0 });
});
