// A virtual thread: its body, what it is about to do, and whether it goes round in circles.
//
// V1  A thread that has found one word the same SPINS times in a row spins: it goes on when the word has changed. A try that
//     failed because the word had changed meanwhile is no spinning.
// V2  A thread that pauses goes on when others have changed anything since it last did. What they did while it went round it may
//     not have seen, so that counts too.

import { addressOf, isWide, kindOf, UPDATE, WRITE } from "./access.js";
import type { CoreFunction, Instance } from "./machine.js";
import type { Body, Operation } from "./model.js";

/** No code of the core looks at a word so often in a row without waiting for it. */
const SPINS = 3;

export type State = "stopped" | "asleep" | "ended";

export class VirtualThread {
  readonly instance: Instance;
  body: Body | undefined;
  /** "stopped": before an access or an operation. */
  state: State = "stopped";
  /** What its body has yielded, and of a call the function. */
  operation: Operation | undefined;
  run: CoreFunction | undefined;
  private readonly words: Int32Array;
  /** The last access, what was there, how often in a row that was so. */
  private lastAccess = -1;
  private lastValue = 0;
  private repeats = 0;
  /** Accesses of its own that may have changed something, and how many of others' it has taken note of. */
  private changes = 0;
  private seenChanges = 0;

  constructor(instance: Instance, words: Int32Array) {
    this.instance = instance;
    this.words = words;
  }

  begin(body: Body): void {
    this.body = body;
    this.state = "stopped";
    this.operation = undefined;
    this.lastAccess = -1;
    this.repeats = 0;
    this.changes = 0;
    this.seenChanges = 0;
  }

  private valueAt(access: number): number {
    const word = addressOf(access) >>> 2;
    const low = this.words[word] as number;
    return isWide(access) ? low + (this.words[word + 1] as number) * 2 ** 32 : low;
  }

  /** It has come to an access. */
  arrive(access: number): void {
    const isSame =
      addressOf(access) === addressOf(this.lastAccess) && this.valueAt(access) === this.lastValue;
    this.repeats = isSame && kindOf(access) !== WRITE ? this.repeats + 1 : 0;
  }

  /** It now does what it had come to. */
  commit(access: number): void {
    const kind = kindOf(access);
    if (kind === WRITE || kind === UPDATE) this.changes++;
    const value = this.valueAt(access);
    if (value !== this.lastValue) this.repeats = 0;
    this.lastAccess = access;
    this.lastValue = value;
  }

  /** It is no longer at an access. */
  forgetRepeats(): void {
    this.repeats = 0;
  }

  spins(): boolean {
    return this.repeats >= SPINS;
  }

  /** Spins, and the word that it is about to look at is still the same. */
  spinsInVain(next: number): boolean {
    return this.spins() && this.valueAt(next) === this.lastValue;
  }

  /** @param changes of all threads. */
  hasNews(changes: number): boolean {
    return changes - this.changes > this.seenChanges;
  }

  takeNote(changes: number): void {
    this.seenChanges = changes - this.changes;
  }
}
