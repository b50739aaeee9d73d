// A memory cgroup of our own, of version 1 or 2: made, limited, read and removed. Numbers are bytes.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// What differs between the versions.
const VERSIONS = {
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', inactive: 'total_inactive_file', noSwap: ['memory.swappiness', '0'] },
  2: { limit: 'memory.max', usage: 'memory.current', inactive: 'inactive_file', noSwap: ['memory.swap.max', '0'] },
};

// "name 123" a line
export function fields(text) {
  return Object.fromEntries(text.trim().split('\n').map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]));
}

// Where memory is controlled, from the text of /proc/self/mountinfo: {version, root}, or nothing. `controllers` reads
// cgroup.controllers of a folder: on hybrid systems the hierarchy of version 2 is there without memory.
export function findHierarchy(mountinfo, controllers) {
  const mounts = mountinfo.trim().split('\n').map((line) => {
    const [before, after] = line.split(' - ').map((half) => half.split(' '));
    return { root: before[4], type: after[0], options: (after[2] ?? '').split(',') };
  });
  const one = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'));
  if (one) return { version: 1, root: one.root };
  const two = mounts.find(({ type, root }) => type === 'cgroup2' && controllers(root).includes('memory'));
  return two && { version: 2, root: two.root };
}

function controllersOf(folder) {
  try {
    return readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}

export class MemoryCgroup {
  // Throws with the reason where none can be made. NEXUS_CGROUP: a folder that we may make ours in, when the root is not.
  static make(name, limitBytes) {
    const found = findHierarchy(readFileSync('/proc/self/mountinfo', 'utf8'), controllersOf);
    if (!found) throw new Error('no cgroup hierarchy with memory is mounted');
    const group = new MemoryCgroup(found.version, join(process.env.NEXUS_CGROUP ?? found.root, name));
    mkdirSync(group.path);
    try {
      group.setLimit(limitBytes);
      group.#withoutSwap();
    } catch (error) {
      rmdirSync(group.path);
      throw error;
    }
    return group;
  }

  constructor(version, path) {
    this.version = version;
    this.path = path;
    this.names = VERSIONS[version];
    this.procs = join(path, 'cgroup.procs');
  }

  #read(file) {
    return readFileSync(join(this.path, file), 'utf8');
  }

  #withoutSwap() {
    try {
      writeFileSync(join(this.path, this.names.noSwap[0]), this.names.noSwap[1]);
    } catch {
      // there is no swap in this kernel
    }
  }

  setLimit(bytes) {
    writeFileSync(join(this.path, this.names.limit), String(bytes));
    this.limit = bytes;
  }

  // What cannot be had back by dropping clean pages of files.
  workingSet() {
    const usage = Number(this.#read(this.names.usage));
    return Math.max(0, usage - fields(this.#read('memory.stat'))[this.names.inactive]);
  }

  // How often the kernel killed here, and how often the limit was met.
  counters() {
    if (this.version === 1) {
      const control = fields(this.#read('memory.oom_control'));
      return { oomKills: control.oom_kill ?? 0, atLimit: Number(this.#read('memory.failcnt')) };
    }
    const events = fields(this.#read('memory.events'));
    return { oomKills: events.oom_kill, atLimit: events.max };
  }

  // Once its processes have ended; the kernel lets go of the last a moment later.
  async remove() {
    for (let tries = 0; ; tries += 1) {
      try {
        return rmdirSync(this.path);
      } catch (error) {
        if (error.code !== 'EBUSY' || tries === 100) throw error;
        await sleep(50);
      }
    }
  }
}
