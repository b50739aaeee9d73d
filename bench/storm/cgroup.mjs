// A memory cgroup, of version 1 or 2: create, limit, read, remove. Numbers are bytes.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// The differences between the versions.
const VERSIONS = {
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', inactive: 'total_inactive_file', noSwap: ['memory.swappiness', '0'] },
  2: { limit: 'memory.max', usage: 'memory.current', inactive: 'inactive_file', noSwap: ['memory.swap.max', '0'] },
};

// Parses lines of the form "name 123".
export function fields(text) {
  return Object.fromEntries(text.trim().split('\n').map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]));
}

// Finds the hierarchy that controls memory, from the text of /proc/self/mountinfo: {version, root}, or undefined.
// `controllers` reads cgroup.controllers of a folder: a hybrid system has the hierarchy of version 2 without memory.
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
  // Throws with the reason when no cgroup can be made. NEXUS_CGROUP: the parent folder, where the root is not writable.
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
      // the kernel has no swap
    }
  }

  setLimit(bytes) {
    writeFileSync(join(this.path, this.names.limit), String(bytes));
    this.limit = bytes;
  }

  // Memory in use, without clean pages of files, which the kernel can drop.
  workingSet() {
    const usage = Number(this.#read(this.names.usage));
    return Math.max(0, usage - fields(this.#read('memory.stat'))[this.names.inactive]);
  }

  // How often the kernel killed a process of the cgroup, and how often the limit was reached.
  counters() {
    if (this.version === 1) {
      const control = fields(this.#read('memory.oom_control'));
      return { oomKills: control.oom_kill ?? 0, atLimit: Number(this.#read('memory.failcnt')) };
    }
    const events = fields(this.#read('memory.events'));
    return { oomKills: events.oom_kill, atLimit: events.max };
  }

  // Removes the cgroup after its processes have ended; the kernel releases the last one a moment later.
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
