// One thread's view of a runtime's memory, as the shared primitives in ts/sync/shared see it: wakers as two numbers, values as slots.

import type { Waker } from "../../../future/index.js";
import {
  addTraveller,
  hasTravellers,
  isGoingTo,
  isReadOnce,
  keepTravellers,
  setDestination,
  type Traveller,
  takeLanded,
  takeTravellers,
} from "../../../send/carrying.js";
import { decode, encode, NEEDS_PORT, scratch } from "../../../send/codec.js";
import { SendError } from "../../../send/errors.js";
import {
  type Carried,
  type Leaseholder,
  type SentHandle,
  type SharedHome,
  SLOT_SIZE,
  setDestinationHome,
  type Unreadable,
  VALUE_BYTES,
  VALUE_LENGTH,
} from "../../../sync/shared/index.js";
import {
  type Core,
  OUTCOME_BYTES,
  OUTCOME_NONE,
  OUTCOME_NUMBER,
  OUTCOME_RAW,
  type ThreadsExports,
} from "../../core/binding.js";
import { LimitError, ShutdownError } from "../../errors.js";
import { TaskCell } from "../../task/cell.js";
import { bytesAt, CopiedBytes, copyIn } from "./memory.js";
import { isPlainBytes } from "./plain-bytes.js";

/** What {@link SharedMemory.asSent} gives. */
export interface SentArguments {
  readonly args: readonly unknown[];
  readonly ends: readonly Disposable[];
}

/** What the view needs of its thread's part of the runtime. */
export interface MemoryOwner {
  readonly membership: { readonly id: string };
  /** Something of this thread was woken. */
  poke(): void;
  /** Whether the runtime has been shut down. */
  isShutDown(): boolean;
  reportError(what: string, error: unknown): void;
}

/** Why a value does not fit into a memory. */
function reasonForPort(memory: string): string {
  const foreign = takeTravellers();
  for (const traveller of foreign) traveller.stay();
  return foreign.some((traveller) => traveller.memory !== memory)
    ? "contains a handle of a primitive that belongs to another runtime, and can only be an argument of a task: make the primitive in this runtime"
    : "has to be bytes of at most a megabyte in shared memory: send what needs a port as an argument of a task";
}

const copied = new CopiedBytes();

/** How many values are being encoded or decoded, one inside of the other: no waker is called then (home.ts, O1). */
let converting = 0;
/** Memories that have something to settle when that is over. */
const unsettled: Set<SharedMemory> = new Set();

function settleOthers(): void {
  const memories = [...unsettled];
  unsettled.clear();
  for (const memory of memories) memory.settle();
}

/** A block of a batch. */
interface Noted {
  readonly index: number;
  readonly outcome: number;
  readonly number: number;
}

export class SharedMemory implements SharedHome {
  readonly id: string;
  readonly lenders: SharedHome["lenders"] = {};
  readonly standing: SharedHome["standing"] = new Map();
  readonly leases: Set<Leaseholder> = new Set();
  slot = 0;
  generation = 0;
  outcome = 0;
  number = 0;

  // Not to be seen when somebody prints a handle: it is all of the memory.
  readonly #core: ThreadsExports;
  readonly #wasm: Core<ThreadsExports>;
  readonly #owner: MemoryOwner;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  private readonly resultIndex: number;
  private readonly wokenIndex: number;
  private readonly batchIndex: number;
  /** What this thread is to others that call a waker which is no task of this memory. */
  private readonly threadSlot: number;
  private readonly foreign = new Map<number, Waker>();
  private lastName = 0;
  /** The handles in what was written last, until it is published or discarded. */
  private left: readonly Traveller[] | undefined = undefined;

  constructor(wasm: Core<ThreadsExports>, thread: number, owner: MemoryOwner) {
    this.#wasm = wasm;
    this.#core = wasm.exports;
    this.#owner = owner;
    this.id = owner.membership.id;
    const { buffer } = wasm.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#floats = new Float64Array(buffer);
    this.resultIndex = this.#core.resultAddress() >> 3;
    this.wokenIndex = this.#core.wokenAddress() >> 2;
    this.batchIndex = this.#core.batchAddress() >> 3;
    this.threadSlot = -1 - thread;
  }

  get core(): ThreadsExports {
    return this.#core;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get buffer(): ArrayBufferLike {
    return this.#bytes.buffer;
  }

  isAlive(): boolean {
    return !this.#owner.isShutDown();
  }

  assertAlive(): void {
    if (this.#owner.isShutDown())
      throw new ShutdownError("a shared primitive was used, but refused");
  }

  // ── Wakers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  place(waker: Waker): void {
    if (waker instanceof TaskCell && (waker.core as unknown) === this.#core) {
      this.slot = waker.slot;
      this.generation = waker.generation;
      return;
    }
    this.lastName = this.lastName >= 0x3fffffff ? 1 : this.lastName + 1;
    this.slot = this.threadSlot;
    this.generation = this.lastName;
    this.foreign.set(this.lastName, waker);
  }

  thisThread(): number {
    return this.threadSlot;
  }

  forget(slot: number, generation: number): void {
    if (slot < 0) this.foreign.delete(generation);
  }

  /** Whether somebody waits here whom only this thread can wake. */
  isAwaited(): boolean {
    return this.foreign.size > 0;
  }

  settleLeases(): void {
    if (this.leases.size === 0) return;
    const holders = [...this.leases];
    this.leases.clear();
    for (const holder of holders) holder.settle();
  }

  isShared(): boolean {
    return this.#core.hasCompany() !== 0;
  }

  settle(): void {
    if (this.left !== undefined) this.arrived();
    if (this.#words[this.wokenIndex] !== 0) this.callWoken();
    if (unsettled.size > 0 && converting === 0) settleOthers();
  }

  private callWoken(): void {
    if (converting > 0) {
      unsettled.add(this);
      return;
    }
    this.#words[this.wokenIndex] = 0;
    this.#core.tidy();
    this.serve();
    this.#owner.poke();
  }

  /** Calls the wakers that other threads, or this one, have called by name. */
  serve(): void {
    for (let name = this.#core.takeSignal(); name !== 0; name = this.#core.takeSignal()) {
      if (name < 0) this.wakeAll();
      else this.wake(name);
    }
  }

  private wake(name: number): void {
    const waker = this.foreign.get(name);
    if (waker === undefined) return;
    this.foreign.delete(name);
    try {
      waker.wake();
    } catch (error) {
      this.#owner.reportError("a waker threw", error);
    }
  }

  private wakeAll(): void {
    for (const name of [...this.foreign.keys()]) this.wake(name);
  }

  // ── Values ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  write(value: unknown, what: string): void {
    if (typeof value === "number") {
      this.outcome = OUTCOME_NUMBER;
      this.number = value;
    } else if (value === undefined) {
      this.outcome = OUTCOME_NONE;
      this.number = 0;
    } else if (isPlainBytes(value)) {
      this.outcome = OUTCOME_RAW;
      this.number = this.newBlock(value.length);
      bytesAt(this.#wasm.memory, this.number + VALUE_BYTES, value.length).set(value);
    } else {
      this.writeEncoded(value, what);
    }
  }

  private newBlock(bytes: number): number {
    const block = this.#core.newValue(bytes);
    if (block === 0) throw new LimitError("value in shared memory", this.#core.usedPages());
    return block;
  }

  private writeEncoded(value: unknown, what: string): void {
    setDestination(this.id);
    const before = setDestinationHome(this);
    let bytes: number;
    converting += 1;
    try {
      bytes = encode(value, what);
      if (bytes === NEEDS_PORT) throw new SendError(what, value, reasonForPort(this.id));
      this.number = this.newBlock(bytes);
      copyIn(this.#wasm.memory, this.number + VALUE_BYTES, scratch(), bytes);
    } catch (error) {
      keepTravellers();
      throw error;
    } finally {
      setDestination(undefined);
      setDestinationHome(before);
      // What is to be settled waits on, until this value has been published.
      converting -= 1;
    }
    this.outcome = OUTCOME_BYTES;
    if (!hasTravellers()) return;
    const block = this.number;
    this.left = takeTravellers();
    for (const traveller of this.left)
      traveller.leave(this.id, (claim) => this.#core.attachClaim(block, claim));
  }

  /** What was written last has been published. */
  private arrived(): void {
    const left = this.left as readonly Traveller[];
    this.left = undefined;
    for (const traveller of left) traveller.arrived();
  }

  discard(): void {
    if (this.left !== undefined) for (const traveller of this.left) traveller.cameBack();
    this.left = undefined;
    if (this.outcome < OUTCOME_BYTES) return;
    this.#core.unpin(this.number);
    this.outcome = 0;
    this.#core.tidy();
  }

  read(outcome: number): unknown {
    return this.readAt(outcome, this.#floats[this.resultIndex] as number);
  }

  readAt(outcome: number, number: number): unknown {
    if (outcome === OUTCOME_NUMBER) return number;
    if (outcome < OUTCOME_BYTES) return undefined;
    converting += 1;
    try {
      return this.readBlock(outcome, number);
    } finally {
      this.#core.unpin(number);
      converting -= 1;
      this.settle();
    }
  }

  private readBlock(outcome: number, block: number): unknown {
    const length = this.#words[(block + VALUE_LENGTH) >> 2] as number;
    if (outcome === OUTCOME_RAW)
      return bytesAt(this.#wasm.memory, block + VALUE_BYTES, length).slice();
    return decode(copied.from(this.#wasm.memory, block + VALUE_BYTES, length), length);
  }

  result(): number {
    return this.#floats[this.resultIndex] as number;
  }

  resultVersion(): number {
    return this.#words[(this.resultIndex << 1) + 2] as number;
  }

  resultStamp(): number {
    return this.#words[(this.resultIndex << 1) + 3] as number;
  }

  readBatch(count: number, into: unknown[], from: number): Unreadable | undefined {
    let blocks: Noted[] | undefined;
    for (let index = 0; index < count; index++) {
      const at = this.batchIndex + (index * SLOT_SIZE) / 8;
      const outcome = this.#words[at << 1] as number;
      const number = this.#floats[at + 1] as number;
      into[from + index] = outcome === OUTCOME_NUMBER ? number : undefined;
      if (outcome < OUTCOME_BYTES) continue;
      blocks ??= [];
      blocks.push({ index: from + index, outcome, number });
    }
    return blocks === undefined ? undefined : this.readBlocks(blocks, into);
  }

  /** Reading a block runs the program's code, which may use the batch: it has been copied out of there. */
  private readBlocks(blocks: readonly Noted[], into: unknown[]): Unreadable | undefined {
    const failed: number[] = [];
    let failure: Unreadable | undefined;
    converting += 1;
    for (const { index, outcome, number } of blocks) {
      try {
        into[index] = this.readAt(outcome, number);
      } catch (error) {
        failure ??= { error };
        failed.push(index);
      }
    }
    converting -= 1;
    this.settle();
    for (const index of failed.reverse()) into.splice(index, 1);
    return failure;
  }

  /**
   * Arguments as another thread would get them, and the ends of channels among them; undefined when there is no handle of a shared
   * primitive among them, and so no difference.
   */
  asSent(args: readonly unknown[]): SentArguments | undefined {
    this.write([args], "arguments");
    const { outcome, number } = this;
    if (this.#core.hasClaims(number) === 0) {
      this.discard();
      return undefined;
    }
    takeLanded();
    const [received] = this.readAt(outcome, number) as [readonly unknown[]];
    return { args: received, ends: takeLanded() ?? [] };
  }

  // ── Handles on their way ───────────────────────────────────────────────────────────────────────────────────────────

  carry(handle: Carried): SentHandle {
    const claim = handle.held();
    const traveller = this.#core.newTraveller(claim);
    if (traveller === 0) throw new LimitError("value in shared memory", this.#core.usedPages());
    const moves = this.#core.isUnique(claim) !== 0;
    addTraveller({
      memory: this.id,
      leave: (memory, attach) => {
        if (memory === this.id) attach(traveller);
        // Encoding runs the program's code, which may have disposed the handle: then nothing of it travels.
        if (handle.holds(claim)) this.#core.depart(claim, traveller);
      },
      arrived: () => {
        if (moves) handle.departed();
      },
      cameBack: () => {
        if (handle.holds(claim)) this.#core.comeBack(claim, traveller);
      },
      stay: () => {
        this.#core.discardTraveller(traveller);
        this.settle();
      },
    });
    if (isGoingTo(this.id)) return { memory: this.id, claim: traveller, letGo: false };
    return { memory: this.#owner.membership, claim: traveller, letGo: isReadOnce() };
  }
}
