// Defines the names of the handler language that need no C. Runs once, in the base image, before a handler is loaded.
// Returns the names that become visible after a handler has been loaded.
(function (host) {
  'use strict';
  const global = globalThis;
  const { stringify } = JSON;
  const { isArray } = Array;
  const ObjectPrototype = Object.prototype;

  const define = (name, value) =>
    Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });

  // ---- removed names ----
  // Libraries look at Function.prototype and call Function('return this') during their setup. This stand-in supports
  // only these uses, and is removed after the handler has been loaded.
  const standIn = function Function(...source) {
    if (source.length === 1 && /^\s*return this;?\s*$/.test(source[0])) return () => global;
    throw new TypeError('Function is not available: source becomes code only when the handler is loaded');
  };
  Object.defineProperty(standIn, 'prototype', { value: Function.prototype, writable: false });
  for (const name of ['eval', 'SharedArrayBuffer', 'Atomics', 'DOMException', 'WebAssembly', 'CallSite'])
    delete global[name];
  for (const maker of [function () {}, async function () {}, function* () {}, async function* () {}])
    delete Object.getPrototypeOf(maker).constructor;
  define('Function', standIn);

  const { now } = Date;

  // ---- text ----
  const text = (value) => String(value);
  const wellFormed = (value) => text(value).toWellFormed();
  const viewOf = (input) => {
    if (input === undefined) return new Uint8Array(0);
    if (input instanceof ArrayBuffer) return new Uint8Array(input);
    if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    throw new TypeError('expected an ArrayBuffer or a view of one');
  };
  class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(input = '') { return host.encode(wellFormed(input)); }
    encodeInto(source, target) {
      let read = 0, written = 0;
      for (const character of wellFormed(source)) {
        const bytes = host.encode(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }
  class TextDecoder {
    #fatal; #keepMark; #rest = new Uint8Array(0);
    #isInside = false;  // true after the start of a stream has been decoded
    constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
      if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) throw new RangeError(`no such encoding: ${label}`);
      this.#fatal = !!fatal;
      this.#keepMark = !!ignoreBOM;
    }
    get encoding() { return 'utf-8'; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#keepMark; }
    decode(input, { stream = false } = {}) {
      let bytes = viewOf(input);
      if (this.#rest.length > 0) {
        const joined = new Uint8Array(this.#rest.length + bytes.length);
        joined.set(this.#rest);
        joined.set(bytes, this.#rest.length);
        bytes = joined;
      }
      const end = stream ? wholeCharacters(bytes) : bytes.length;
      this.#rest = bytes.slice(end);
      const result = host.decode(bytes.subarray(0, end), this.#fatal);
      if (result === undefined) {
        this.#rest = new Uint8Array(0);
        this.#isInside = false;
        throw new TypeError('the bytes are not UTF-8');
      }
      const hasMark = !this.#isInside && !this.#keepMark && result.charCodeAt(0) === 0xfeff;
      this.#isInside = stream && (this.#isInside || end > 0);
      return hasMark ? result.slice(1) : result;
    }
  }
  // The length without an incomplete character at the end.
  function wholeCharacters(bytes) {
    for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
      const byte = bytes[bytes.length - back];
      if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? bytes.length - back : bytes.length;
      if (byte < 0x80) break;
    }
    return bytes.length;
  }
  define('TextEncoder', TextEncoder);
  define('TextDecoder', TextDecoder);

  // ---- randomness ----
  const integerViews = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    BigInt64Array, BigUint64Array];
  const hex = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));
  define('crypto', {
    getRandomValues(view) {
      if (!integerViews.some((type) => view instanceof type)) throw new TypeError('expected an integer typed array');
      if (view.byteLength > 65536) throw new RangeError('at most 65536 bytes at once');
      if (view.byteLength > 0) host.random(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      return view;
    },
    randomUUID() {
      const bytes = new Uint8Array(16);
      host.random(bytes);
      bytes[6] = (bytes[6] & 15) | 64;
      bytes[8] = (bytes[8] & 63) | 128;
      const digits = Array.from(bytes, (byte) => hex[byte]).join('');
      return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => digits.slice(from, to)).join('-');
    },
  });

  // ---- structuredClone ----
  const errorTypes = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  function clone(value, seen) {
    if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`a ${typeof value} cannot be cloned`);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const remember = (copy) => { seen.set(value, copy); return copy; };
    const copyProperties = (copy) => {
      for (const key of Object.keys(value))
        Object.defineProperty(copy, key, { value: clone(value[key], seen), writable: true, enumerable: true, configurable: true });
      return copy;
    };
    if (isArray(value)) return copyProperties(remember(new Array(value.length)));
    if (value instanceof Date) return remember(new Date(value.getTime()));
    if (value instanceof RegExp) return remember(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return remember(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = clone(value.buffer, seen);
      const length = value instanceof DataView ? value.byteLength : value.length;
      return remember(new value.constructor(buffer, value.byteOffset, length));
    }
    if (value instanceof Map) {
      const copy = remember(new Map());
      for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = remember(new Set());
      for (const item of value) copy.add(clone(item, seen));
      return copy;
    }
    if (value instanceof Error) {
      const type = errorTypes[value.name] ?? Error;
      const copy = remember(new type(text(value.message)));
      if ('cause' in value) copy.cause = clone(value.cause, seen);
      return copy;
    }
    for (const type of [Promise, WeakMap, WeakSet, WeakRef])
      if (value instanceof type) throw new TypeError(`a ${type.name} cannot be cloned`);
    if (value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt)
      return remember(Object(value.valueOf()));
    return copyProperties(remember({}));
  }
  define('structuredClone', (value) => clone(value, new Map()));

  // ---- logging ----
  const shown = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return value.stack ? `${value}\n${value.stack}`.trimEnd() : `${value}`;
    if (typeof value === 'function') return `[function ${value.name || '(anonymous)'}]`;
    if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}n` : String(value);
    try {
      return stringify(value instanceof Map || value instanceof Set ? [...value] : value) ?? String(value);
    } catch (error) {
      return `[${ObjectPrototype.toString.call(value).slice(8, -1)}: ${error.message}]`;
    }
  };
  const logger = (level) => (...values) => host.log(values.map(shown).join(' '), level);
  const $log = Object.assign(logger('1'), {
    debug: logger('0'), info: logger('1'), warn: logger('2'), error: logger('3'),
  });
  const $console = Object.assign({}, { log: $log, debug: $log.debug, info: $log.info, warn: $log.warn,
    error: $log.error, trace: $log.debug });
  define('console', $console);

  // ---- events and views ----
  const json = (value) => stringify(value === undefined ? null : value) ?? 'null';
  const $emit = (name, payload) => host.emit(text(name), json(payload));
  $emit.toast = (message, level = 'info') => $emit('toast', { message: text(message), level: text(level) });
  const command = (id, name, params) => host.view(text(id), `{${stringify(text(name))}:${json(params === undefined ? {} : params)}}`);
  const $view = {
    setFilter: (id, filter) => command(id, 'setFilter', { filter }),
    scrollTo: (id, position) => command(id, 'scrollTo', { position }),
    focus: (id) => command(id, 'focus', {}),
    command,
  };

  // ---- extensions ----
  const missing = (name) => Object.assign(new Error(`no such extension: ${name}`), { name: 'NoSuchExtension' });
  const methodsOf = (name) => {
    const methods = host.methods(text(name));
    if (methods === undefined) throw missing(text(name));
    return methods;
  };
  const known = { __proto__: null };  // in this execution
  const extension = (name) => {
    const found = known[name] ?? host.extension(name);
    if (found === undefined) throw missing(name);
    return known[name] = found;
  };
  const registry = {
    __proto__: null,
    list: () => host.methods(),
    exists: (name) => host.methods(text(name)) !== undefined,
    methods: methodsOf,
  };
  const $ext = new Proxy(Object.freeze(registry), {
    get(target, name) {
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
      return target[name] ?? extension(name);
    },
  });

  const $time = { now: () => now() };
  return { $emit, $view, $ext, $log, $time };
});
