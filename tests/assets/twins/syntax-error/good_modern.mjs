#!/usr/bin/env node
import data from './data.json' with { type: 'json' };

class Counter {
  static #made = 0;
  #count = 0n;
  static { Counter.#made = 1_000; }
  get count() { return this.#count; }
  *[Symbol.iterator]() { yield* [this.#count ?? 1n]; }
  async *stream() { for await (const part of this.source?.()) yield part; }
}

label: for (const { a = 1, ...rest } of data) { if (a ** 2 > 4) continue label; rest.b ||= a; }
export { Counter as default, Counter };
export * as names from './names.mjs';
