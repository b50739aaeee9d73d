// Random numbers from a seed, so that a failed storm can be repeated (mulberry32).
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // In [0, 1)
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  // An integer from `least` to `most`
  whole(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  of(list) {
    return list[this.whole(0, list.length - 1)];
  }

  // `choices`: [weight, value] pairs
  weighted(choices) {
    let at = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    return (choices.find(([weight]) => (at -= weight) < 0) ?? choices.at(-1))[1];
  }
}
