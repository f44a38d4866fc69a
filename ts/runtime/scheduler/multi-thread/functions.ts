// Numbers for sendable functions, and functions for numbers: one table a runtime, in shared memory, read by each thread as it
// needs it. A thread imports a module the first time it has to run a function of it.

import { type SendableInfo, sendableInfo } from "../../../send/sendable.js";
import type { Core, ThreadsExports } from "../../core/binding.js";
import { LimitError, ModuleLoadError } from "../../errors.js";
import type { AnyFunction } from "../../starting.js";
import { bytesAt } from "./memory.js";

/** Between name and URL, neither of which contains it. */
const SEPARATOR = "\n";
const MOST_FUNCTIONS = 4095;

/** What a module exports. */
export type Module = Record<string, unknown>;

/** A function that this thread has found. */
export interface Found {
  readonly info: SendableInfo;
  readonly fn: AnyFunction;
}

export class FunctionTable {
  private readonly wasm: Core<ThreadsExports>;
  private readonly load: (url: string) => Promise<Module>;
  private readonly numbers = new Map<SendableInfo, number>();
  private readonly byName = new Map<string, number>();
  private readonly found: (Found | undefined)[] = [];
  private readonly names: (string | undefined)[] = [];
  private readonly loading = new Map<number, Promise<Found>>();
  /** Why the last import for a function failed, until somebody was told. */
  private readonly failures = new Map<number, Error>();
  private entriesRead = 0;
  /** What this thread has imported. */
  private readonly modules: Map<string, Module>;

  /** @param modules what has been imported already. */
  constructor(
    wasm: Core<ThreadsExports>,
    load: (url: string) => Promise<Module>,
    modules: Map<string, Module>,
  ) {
    this.wasm = wasm;
    this.load = load;
    this.modules = modules;
  }

  /** The number of a function. @throws {LimitError} when there are too many. */
  numberOf(info: SendableInfo): number {
    return this.numbers.get(info) ?? this.enter(info);
  }

  private enter(info: SendableInfo): number {
    const text = `${info.name}${SEPARATOR}${info.url}`;
    this.readEntries();
    const number = this.byName.get(text) ?? this.add(text);
    this.numbers.set(info, number);
    this.found[number] ??= { info, fn: info.fn };
    return number;
  }

  private add(text: string): number {
    const { exports } = this.wasm;
    const bytes = new TextEncoder().encode(text);
    const address = exports.newName(bytes.length);
    if (address === 0) throw new LimitError("sendable function", MOST_FUNCTIONS);
    bytesAt(this.wasm.memory, address + 4, bytes.length).set(bytes);
    const number = exports.enterFunction(address);
    if (number === 0) throw new LimitError("sendable function", MOST_FUNCTIONS);
    return number;
  }

  /** Entries that other threads have made since the last look. */
  private readEntries(): void {
    const count = this.wasm.exports.functionCount();
    for (; this.entriesRead < count; this.entriesRead++)
      this.byName.set(this.nameOf(this.entriesRead + 1), this.entriesRead + 1);
  }

  private nameOf(number: number): string {
    const known = this.names[number];
    if (known !== undefined) return known;
    const address = this.wasm.exports.functionName(number);
    const length = new DataView(this.wasm.memory.buffer).getInt32(address, true);
    // A copy: text decoders do not all read shared memory.
    const text = new TextDecoder().decode(bytesAt(this.wasm.memory, address + 4, length).slice());
    this.names[number] = text;
    return text;
  }

  /** The name a function is exported by, for reports. */
  labelOf(number: number): string {
    return number === 0 ? "" : (this.nameOf(number).split(SEPARATOR)[0] as string);
  }

  /**
   * The function, if this thread has found it before or has imported its module.
   *
   * @throws {ModuleLoadError} when it is not there, or could not be imported just now; the next call tries again.
   */
  get(number: number): Found | undefined {
    const found = this.found[number];
    if (found !== undefined) return found;
    const failure = this.failures.get(number);
    this.failures.delete(number);
    if (failure !== undefined) throw failure;
    const [name, url] = this.nameOf(number).split(SEPARATOR) as [string, string];
    const module = this.modules.get(url);
    return module && this.findIn(module, number, name, url);
  }

  /** Imports the module of a function and finds it. @throws {ModuleLoadError} (rejects) saying what is wrong. */
  find(number: number): Promise<Found> {
    let loading = this.loading.get(number);
    if (loading === undefined) {
      loading = this.import(number);
      this.loading.set(number, loading);
      const forget = (): boolean => this.loading.delete(number);
      loading.then(forget, (error) => {
        this.failures.set(number, error);
        forget();
      });
    }
    return loading;
  }

  private async import(number: number): Promise<Found> {
    const [name, url] = this.nameOf(number).split(SEPARATOR) as [string, string];
    let module: Module;
    try {
      module = await this.load(url);
    } catch (error) {
      throw new ModuleLoadError(url, name, "could not be imported", error);
    }
    this.modules.set(url, module);
    return this.findIn(module, number, name, url);
  }

  private findIn(module: Module, number: number, name: string, url: string): Found {
    if (!(name in module))
      throw new ModuleLoadError(
        url,
        name,
        `has no export of that name; it exports ${listOf(module)}`,
      );
    const info = sendableInfo(module[name]);
    if (info === undefined)
      throw new ModuleLoadError(
        url,
        name,
        "exports something by that name that `sendable` has not made",
      );
    if (info.name !== name || info.url !== url)
      throw new ModuleLoadError(
        url,
        name,
        `exports by that name what was made sendable as ${JSON.stringify(info.name)} of ${info.url}`,
      );
    const found = { info, fn: info.fn };
    this.found[number] = found;
    return found;
  }
}

function listOf(module: object): string {
  const names = Object.keys(module);
  return names.length === 0 ? "nothing" : names.map((name) => JSON.stringify(name)).join(", ");
}
