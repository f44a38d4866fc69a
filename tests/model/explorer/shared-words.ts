// Which words matter to the search: those that two threads touch and one of them writes, in any run so far.
//
// Orders of accesses to all other words make no difference, so threads do not stop before them. When a word turns out to matter,
// what was searched before was searched without it: `hasGrown` says so, and the search begins again.

import { addressOf, isWide, kindOf, READ, WAIT } from "./access.js";

export class SharedWords {
  hasGrown = false;
  /** By word: a bit for each thread that has touched it, whether somebody wrote it, whether it matters. */
  private readonly touchedBy: Uint8Array;
  private readonly isWritten: Uint8Array;
  private readonly isShared: Uint8Array;

  constructor(words: number) {
    this.touchedBy = new Uint8Array(words);
    this.isWritten = new Uint8Array(words);
    this.isShared = new Uint8Array(words);
  }

  count(): number {
    return this.isShared.reduce((sum, shared) => sum + shared, 0);
  }

  has(access: number): boolean {
    const word = addressOf(access) >>> 2;
    return this.isShared[word] !== 0 || (isWide(access) && this.isShared[word + 1] !== 0);
  }

  touch(thread: number, access: number): void {
    const kind = kindOf(access);
    const word = addressOf(access) >>> 2;
    const writes = kind !== READ && kind !== WAIT;
    this.touchWord(thread, word, writes);
    if (isWide(access)) this.touchWord(thread, word + 1, writes);
  }

  private touchWord(thread: number, word: number, writes: boolean): void {
    const threads = (this.touchedBy[word] as number) | (1 << thread);
    this.touchedBy[word] = threads;
    if (writes) this.isWritten[word] = 1;
    const isByMany = (threads & (threads - 1)) !== 0;
    if (!isByMany || this.isWritten[word] === 0 || this.isShared[word] !== 0) return;
    this.isShared[word] = 1;
    this.hasGrown = true;
  }
}
