// The machine that models run on: one memory, one instance of the core a virtual thread, and the hooks between them.
//
// M1  Every store is seen, the plain ones by `instrument-memory` and the atomic ones by the hook in sync.ts, so `reset` clears
//     exactly the blocks that were written since the last one.
// M2  The memory is as large as it will ever be, and the core counts off its pages from the same one on in each run, so that
//     addresses are the same. When they are used up, it gets no more.
// M3  An instance's globals are its thread's; `reset` sets them back to what they were at the start.

import { GLOBAL_PREFIX } from "./compile.js";
import type { Core } from "./model.js";

export const PAGE = 65536;
const MOST_THREADS = 8;
/**
 * One page for each thread's suspended calls. Above the records of as many threads as a model may have; the core never touches the
 * other records.
 */
const FIRST_STACK_PAGE = 8;
/** What the core gives out: FIRST_PAGE in its layout. */
export const FIRST_FREE_PAGE: number = FIRST_STACK_PAGE + MOST_THREADS;
const PAGES_TO_GIVE = 16;
const PAGES = FIRST_FREE_PAGE + PAGES_TO_GIVE;
/** The texts of the assertions lie below and are never cleared. */
const TEXTS_END = PAGE;
const BLOCK_SHIFT = 10;
const BLOCK = 1 << BLOCK_SHIFT;

/** What the machine reports while threads run. */
export interface Observer {
  /** A shared access comes next; `kind` as in sync.ts. May suspend the call. */
  before(thread: number, address: number, kind: number): void;
  wait(thread: number, address: number, expected: number): number;
  notify(thread: number, address: number): number;
  plainRead(thread: number, address: number, bytes: number): void;
  plainWrite(thread: number, address: number, bytes: number): void;
}

export type CoreFunction = (...args: readonly number[]) => number;

/** An assertion of the core. */
export class Assertion extends Error {
  override readonly name = "Assertion";
}

function textAt(memory: WebAssembly.Memory, pointer: number): string {
  if (pointer === 0) return "";
  const view = new DataView(memory.buffer);
  const units = new Uint16Array(view.getUint32(pointer - 4, true) / 2);
  for (let index = 0; index < units.length; index++)
    units[index] = view.getUint16(pointer + index * 2, true);
  return String.fromCharCode(...units);
}

/** An instance, and the functions with which its calls are left and continued. */
export class Instance implements Core {
  private readonly exports: WebAssembly.Exports;
  private readonly words: Int32Array;
  private readonly globals: { readonly global: WebAssembly.Global; readonly initial: unknown }[];
  private readonly stack: number;
  private readonly startUnwind: CoreFunction;
  private readonly startRewind: CoreFunction;
  readonly stopUnwind: CoreFunction;
  readonly stopRewind: CoreFunction;

  constructor(exports: WebAssembly.Exports, words: Int32Array, thread: number) {
    this.exports = exports;
    this.words = words;
    this.stack = (FIRST_STACK_PAGE + thread) * PAGE;
    this.globals = Object.entries(exports)
      .filter(([name]) => name.startsWith(GLOBAL_PREFIX))
      .map(([, global]) => global as WebAssembly.Global)
      .map((global) => ({ global, initial: global.value }));
    this.startUnwind = this.entry("asyncify_start_unwind");
    this.startRewind = this.entry("asyncify_start_rewind");
    this.stopUnwind = this.entry("asyncify_stop_unwind");
    this.stopRewind = this.entry("asyncify_stop_rewind");
  }

  private entry(name: string): CoreFunction {
    const found = this.exports[name];
    if (typeof found !== "function") throw new Error(`the core exports no function ${name}`);
    return found as unknown as CoreFunction;
  }

  /** An export by its name in models, "file.function". */
  function(name: string): CoreFunction {
    return this.entry(name.replace(".", "_"));
  }

  call(name: string, ...args: readonly number[]): number {
    return this.function(name)(...args);
  }

  constant(name: string): number {
    const found = this.exports[name.replace(".", "_")];
    if (!(found instanceof WebAssembly.Global)) throw new Error(`the core has no constant ${name}`);
    return Number(found.value);
  }

  /** Names and values of the constants of one file. */
  constants(file: string): [string, number][] {
    const prefix = `${file}_`;
    return Object.entries(this.exports)
      .filter(([name, value]) => name.startsWith(prefix) && value instanceof WebAssembly.Global)
      .map(([name, value]) => [
        name.slice(prefix.length),
        Number((value as WebAssembly.Global).value),
      ]);
  }

  word(address: number): number {
    return this.words[address >>> 2] as number;
  }

  reset(): void {
    for (const { global, initial } of this.globals) global.value = initial;
  }

  /** From inside of a hook: the call returns to JavaScript at once and keeps its frames. */
  suspend(): void {
    this.words[this.stack >>> 2] = this.stack + 8;
    this.words[(this.stack >>> 2) + 1] = this.stack + PAGE;
    this.startUnwind(this.stack);
  }

  /** Before calling the same export again, which goes on where it was left. */
  resume(): void {
    this.startRewind(this.stack);
  }
}

export class Machine {
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  readonly words = new Int32Array(this.memory.buffer);
  readonly instances: readonly Instance[];
  private readonly observer: Observer;
  private readonly isDirty = new Uint8Array((PAGES * PAGE) >>> BLOCK_SHIFT);
  private dirty: number[] = [];

  constructor(module: WebAssembly.Module, threads: number, observer: Observer) {
    if (threads > MOST_THREADS) throw new Error(`a model has at most ${MOST_THREADS} threads`);
    this.observer = observer;
    this.instances = Array.from({ length: threads }, (_, thread) =>
      this.instantiate(module, thread),
    );
    this.assertLayout();
  }

  private assertLayout(): void {
    const [core] = this.instances;
    if (core === undefined) throw new Error("a model has at least one thread");
    const records = core.constant("layout.WORKERS");
    // Workers, as many substitutes, and others.
    const end = records + 3 * MOST_THREADS * core.constant("layout.WORKER_SIZE");
    if (end > FIRST_STACK_PAGE * PAGE) throw new Error(`the thread records reach to ${end}`);
    const first = core.constant("layout.FIRST_PAGE");
    if (first !== FIRST_FREE_PAGE) throw new Error(`the core gives out pages from ${first} on`);
  }

  private instantiate(module: WebAssembly.Module, thread: number): Instance {
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
    const supplied: Record<string, WebAssembly.ImportValue> = {
      memory: this.memory,
      abort: (message: number, file: number, line: number) => this.abort(message, file, line),
      ...this.sharedHooks(thread),
      ...this.plainHooks(thread),
    };
    // What `instrument-memory` imports besides is about values and returns them as they are.
    const pass = (_: number, value: number): number => value;
    for (const { module: group, name } of WebAssembly.Module.imports(module)) {
      imports[group] ??= {};
      imports[group][name] = supplied[name] ?? pass;
    }
    return new Instance(new WebAssembly.Instance(module, imports).exports, this.words, thread);
  }

  private abort(message: number, file: number, line: number): never {
    throw new Assertion(`${textAt(this.memory, message)} (${textAt(this.memory, file)}:${line})`);
  }

  private sharedHooks(thread: number): Record<string, WebAssembly.ImportValue> {
    const observer = this.observer;
    return {
      before: (address: number, kind: number) => observer.before(thread, address, kind),
      wait: (address: number, expected: number) => observer.wait(thread, address, expected),
      notify: (address: number) => observer.notify(thread, address),
    };
  }

  private plainHooks(thread: number): Record<string, WebAssembly.ImportValue> {
    const observer = this.observer;
    return {
      load_ptr: (_: number, bytes: number, offset: number, address: number) => {
        observer.plainRead(thread, address + offset, bytes);
        return address;
      },
      store_ptr: (_: number, bytes: number, offset: number, address: number) => {
        this.mark(address + offset);
        observer.plainWrite(thread, address + offset, bytes);
        return address;
      },
      memory_grow_pre: () => 0,
      memory_grow_post: () => -1,
    };
  }

  /** Remembers that the block is no longer all zero. */
  mark(address: number): void {
    const block = address >>> BLOCK_SHIFT;
    if (this.isDirty[block] !== 0 || address < TEXTS_END) return;
    this.isDirty[block] = 1;
    this.dirty.push(block);
  }

  /** As it was before anything ran. */
  reset(): void {
    for (const block of this.dirty) {
      this.words.fill(0, (block * BLOCK) >>> 2, ((block + 1) * BLOCK) >>> 2);
      this.isDirty[block] = 0;
    }
    this.dirty.length = 0;
    for (const instance of this.instances) instance.reset();
  }
}
