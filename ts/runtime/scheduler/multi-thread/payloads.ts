// What travels with a task: its arguments on the way there, its result on the way back. The header holds a number, the codec's
// bytes stand in shared memory, and what cannot be bytes goes by port.
//
// Y1  A payload is written before the task is submitted, or before its completion is reported, and read after it was handed
//     out: the core's atomics on the task's state and queues publish it.
// Y2  A parcel, which is a payload that needs a port, is sent before that too. To whom: a worker is chosen for a task whose
//     arguments are a parcel, and no other may run it; a thread of the blocking pool asks for it when it has been handed the task.

import {
  hasTravellers,
  keepTravellers,
  setDestination,
  type Traveller,
  takeTravellers,
} from "../../../send/carrying.js";
import {
  decode,
  decodeFromPort,
  encode,
  encodeForPort,
  encodeThrown,
  explainPortError,
  NEEDS_PORT,
  type PortMessage,
  scratch,
} from "../../../send/codec.js";
import { SendError } from "../../../send/errors.js";
import {
  type Core,
  KIND_BLOCKING,
  OUTCOME_BYTES,
  OUTCOME_CANCELLED,
  OUTCOME_CONTEXT,
  OUTCOME_LOST,
  OUTCOME_NONE,
  OUTCOME_NUMBER,
  OUTCOME_PORT,
  OUTCOME_RAW,
  OUTCOME_THROWN,
  type ThreadsExports,
} from "../../core/binding.js";
import { LimitError } from "../../errors.js";
import { generationOf, type TaskCell } from "../../task/cell.js";
import type { Parcel } from "./membership.js";
import { bytesAt, CopiedBytes, copyIn } from "./memory.js";
import { isPlainBytes } from "./plain-bytes.js";
import type { RemoteCell } from "./remote-cell.js";

/** How parcels get to other threads. */
export interface ParcelPost {
  /** Gets a parcel to the thread that runs or joins the task. */
  send(slot: number, to: number, parcel: Parcel): void;
  /** Asks for the parcel of a task that this thread has been handed. */
  request(slot: number): void;
  /** Takes what has come by port without waiting for the event loop. */
  receive(): void;
  /** The worker that is to run a task whose parcel is at hand; undefined: this thread itself. */
  chooseWorker(): number | undefined;
}

/** What errors call what a task gives. */
const RESULT = "result";

const copied = new CopiedBytes();

/** A parcel that is on its way. */
interface Awaiting {
  /** The thread that sends it. */
  readonly from: number;
  arrived(): void;
  /** That thread has died, and it will not come. */
  lost(): void;
}

export class Payloads {
  private readonly wasm: Core<ThreadsExports>;
  private readonly core: ThreadsExports;
  private readonly memoryId: string;
  private readonly thread: number;
  private readonly post: ParcelPost;
  private readonly maxTasks: number;
  private readonly capture: (() => unknown) | undefined;
  private readonly parcels = new Map<number, Parcel>();
  /** What travels from other memories with the arguments of tasks that this thread has spawned, by slot. */
  private readonly foreign = new Map<number, readonly Traveller[]>();
  /** Who waits for a parcel, by slot. */
  private readonly awaiting = new Map<number, Awaiting>();

  /** @param capture gives what is carried along with all arguments: `Builder.carryContext`. */
  constructor(
    wasm: Core<ThreadsExports>,
    memoryId: string,
    thread: number,
    post: ParcelPost,
    maxTasks: number,
    capture: (() => unknown) | undefined,
  ) {
    this.wasm = wasm;
    this.core = wasm.exports;
    this.memoryId = memoryId;
    this.thread = thread;
    this.post = post;
    this.maxTasks = maxTasks;
    this.capture = capture;
  }

  /** Whether a parcel is on its way that this thread waits for. */
  isWaiting(): boolean {
    return this.awaiting.size > 0;
  }

  // ── Arguments ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes the task and hands it over; its slot. @throws {SendError} @throws {LimitError} */
  submit(kind: number, fn: number, id: number, args: readonly unknown[]): number {
    const { core } = this;
    if (this.capture !== undefined)
      return this.submitEncoded(kind, fn, id, OUTCOME_CONTEXT, [this.capture(), ...args]);
    const only = args[0];
    if (args.length === 0) return this.checked(core.spawnNumber(kind, fn, id, OUTCOME_NONE, 0));
    if (args.length === 1 && typeof only === "number")
      return this.checked(core.spawnNumber(kind, fn, id, OUTCOME_NUMBER, only));
    if (args.length === 1 && isPlainBytes(only)) return this.submitRaw(kind, fn, id, only);
    return this.submitEncoded(kind, fn, id, OUTCOME_BYTES, args);
  }

  /** One array of bytes: copied as it is, once on the way in and once on the way out. */
  private submitRaw(kind: number, fn: number, id: number, bytes: Uint8Array): number {
    const { core } = this;
    const slot = this.checked(core.newSendable(kind, fn, id, OUTCOME_RAW, bytes.length));
    bytesAt(this.wasm.memory, core.payloadAddress(slot), bytes.length).set(bytes);
    core.submit(slot);
    return slot;
  }

  private submitEncoded(
    kind: number,
    fn: number,
    id: number,
    outcome: number,
    args: readonly unknown[],
  ): number {
    const { core } = this;
    const bytes = this.encode(args, "arguments");
    if (bytes === NEEDS_PORT) return this.submitParcel(kind, fn, id, args);
    const slot = this.checked(core.newSendable(kind, fn, id, outcome, bytes));
    copyIn(this.wasm.memory, core.payloadAddress(slot), scratch(), bytes);
    this.carryTo(slot, true);
    core.submit(slot);
    return slot;
  }

  /** As the codec's; handles among the values wait for `carryTo`, unless nothing goes this way. */
  private encode(value: unknown, path: string): number {
    setDestination(this.memoryId, path === RESULT);
    let goes = false;
    try {
      const bytes = encode(value, path);
      goes = bytes !== NEEDS_PORT;
      return bytes;
    } finally {
      setDestination(undefined);
      if (!goes) keepTravellers();
    }
  }

  private encodeForPort(value: unknown, path: string): PortMessage {
    setDestination(this.memoryId, path === RESULT);
    let goes = false;
    try {
      const letter = encodeForPort(value, path);
      goes = true;
      return letter;
    } finally {
      setDestination(undefined);
      if (!goes) keepTravellers();
    }
  }

  /** The handles of the value that was encoded last go with this task. */
  private carryTo(slot: number, own: boolean): void {
    if (!hasTravellers()) return;
    const foreign: Traveller[] = [];
    for (const traveller of takeTravellers()) {
      traveller.leave(this.memoryId, (claim) => this.core.carry(slot, claim));
      traveller.arrived();
      if (traveller.memory !== this.memoryId) foreign.push(traveller);
    }
    if (foreign.length > 0 && own) this.foreign.set(slot, foreign);
  }

  /** The task has ended: what travelled with its arguments from other memories is of no use any more. */
  private letGo(slot: number): void {
    const travellers = this.foreign.get(slot);
    if (travellers === undefined) return;
    this.foreign.delete(slot);
    for (const traveller of travellers) traveller.stay();
  }

  /** Nobody will hear of the ends of this thread's tasks any more. */
  abandon(): void {
    for (const slot of [...this.foreign.keys()]) this.letGo(slot);
  }

  private checked(slot: number): number {
    if (slot >= 0) return slot;
    keepTravellers();
    throw slot === -1
      ? new LimitError("task", this.maxTasks)
      : new LimitError("argument of a task", this.core.aliveTasks());
  }

  /** Y2. A call for the blocking pool asks for its parcel; any other goes to one worker and no other. */
  private submitParcel(kind: number, fn: number, id: number, args: readonly unknown[]): number {
    const letter = this.encodeForPort(args, "arguments");
    const slot = this.checked(this.core.newSendable(kind, fn, id, OUTCOME_PORT, 0));
    const to = kind === KIND_BLOCKING ? undefined : this.post.chooseWorker();
    try {
      if (to !== undefined) this.post.send(slot, to, parcelOf(letter));
      else this.parcels.set(slot, ownCopy(letter));
    } catch (error) {
      keepTravellers();
      this.core.submitTo(slot, this.thread);
      this.core.cancelTask(slot, this.generationIn(slot));
      throw explainPortError(letter, error);
    }
    this.carryTo(slot, true);
    if (kind === KIND_BLOCKING) this.core.submit(slot);
    else this.core.submitTo(slot, to ?? this.thread);
    return slot;
  }

  private generationIn(slot: number): number {
    return generationOf(this.core.idOf(slot));
  }

  /** Whether the arguments of a task can be read now. */
  areHere(slot: number): boolean {
    return this.core.outcomeOf(slot) !== OUTCOME_PORT || this.parcels.has(slot);
  }

  /** Whether something that was captured stands before them. A guest captures nothing, and nothing of a guest comes by port. */
  isCarrying(slot: number): boolean {
    const outcome = this.core.outcomeOf(slot);
    return outcome === OUTCOME_CONTEXT || outcome === OUTCOME_PORT;
  }

  takeArguments(slot: number): readonly unknown[] {
    const { core } = this;
    switch (core.outcomeOf(slot)) {
      case OUTCOME_NONE:
        return [];
      case OUTCOME_NUMBER:
        return [core.numberOf(slot)];
      case OUTCOME_RAW:
        return [this.readRaw(slot)];
      case OUTCOME_PORT:
        return this.dropCarried(slot, this.takeParcel(slot)) as readonly unknown[];
      default:
        return this.dropCarried(slot, this.readPayload(slot)) as readonly unknown[];
    }
  }

  /** The handles in a payload that has been read have claims of their own now. */
  private dropCarried(slot: number, value: unknown): unknown {
    this.core.dropCarried(slot);
    this.core.tidy();
    return value;
  }

  private readPayload(slot: number): unknown {
    const length = this.core.payloadLength(slot);
    return decode(copied.from(this.wasm.memory, this.core.payloadAddress(slot), length), length);
  }

  private readRaw(slot: number): Uint8Array {
    const length = this.core.payloadLength(slot);
    return bytesAt(this.wasm.memory, this.core.payloadAddress(slot), length).slice();
  }

  private takeParcel(slot: number): unknown {
    const parcel = this.parcels.get(slot) as Parcel;
    this.parcels.delete(slot);
    return decodeFromPort(parcel.bytes, parcel.attachments);
  }

  /** Resolves when the arguments of a task are here. */
  async arrival(slot: number): Promise<void> {
    this.post.receive();
    if (this.areHere(slot)) return;
    await new Promise<void>((resolve, reject) => {
      const lost = (): void =>
        reject(new Error("the thread that had the arguments of this task has died"));
      this.awaiting.set(slot, { from: this.core.joinerOf(slot), arrived: resolve, lost });
      this.post.request(slot);
    });
  }

  /** A parcel has come for a task that this thread runs or joins. */
  receive(slot: number, parcel: Parcel): void {
    this.parcels.set(slot, parcel);
    const waiting = this.awaiting.get(slot);
    if (waiting === undefined) return;
    this.awaiting.delete(slot);
    waiting.arrived();
  }

  /** A thread has died, and everything it had sent has been received. */
  threadLost(thread: number): void {
    for (const [slot, { from, lost }] of [...this.awaiting]) {
      if (from !== thread) continue;
      this.awaiting.delete(slot);
      lost();
    }
  }

  /** A parcel that another thread has asked for. */
  give(slot: number): Parcel | undefined {
    const parcel = this.parcels.get(slot);
    this.parcels.delete(slot);
    return parcel;
  }

  // ── Results ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Writes how a task has ended that another thread joins. */
  report(cell: TaskCell<unknown>): void {
    const { slot } = cell;
    try {
      if (!cell.hasOutput()) this.core.setNumber(slot, OUTCOME_CANCELLED, 0);
      else if (cell.isPanicked()) this.reportThrown(slot, cell.panic());
      else this.reportValue(slot, cell.take());
    } catch (error) {
      this.reportThrown(slot, error);
    }
  }

  private reportValue(slot: number, value: unknown): void {
    const { core } = this;
    if (typeof value === "number") core.setNumber(slot, OUTCOME_NUMBER, value);
    else if (value === undefined) core.setNumber(slot, OUTCOME_NONE, 0);
    else if (isPlainBytes(value)) this.reportRaw(slot, value);
    else {
      const bytes = this.encode(value, RESULT);
      if (bytes === NEEDS_PORT) this.reportParcel(slot, value);
      else if (this.writeResult(slot, OUTCOME_BYTES, bytes)) this.carryTo(slot, false);
      else keepTravellers();
    }
  }

  private reportRaw(slot: number, bytes: Uint8Array): void {
    const address = this.core.setResult(slot, OUTCOME_RAW, bytes.length);
    if (address === 0)
      this.reportThrown(slot, new LimitError("result of a task", this.core.aliveTasks()));
    else bytesAt(this.wasm.memory, address, bytes.length).set(bytes);
  }

  private reportThrown(slot: number, error: unknown): void {
    this.writeResult(slot, OUTCOME_THROWN, encodeThrown(error));
  }

  private writeResult(slot: number, outcome: number, bytes: number): boolean {
    const address = this.core.setResult(slot, outcome, bytes);
    if (address === 0) {
      // There is no memory for so much; for an error that says so there nearly always is.
      if (outcome === OUTCOME_THROWN) this.core.setNumber(slot, OUTCOME_LOST, 0);
      else this.reportThrown(slot, new LimitError("result of a task", this.core.aliveTasks()));
      return false;
    }
    copyIn(this.wasm.memory, address, scratch(), bytes);
    return true;
  }

  private reportParcel(slot: number, value: unknown): void {
    const letter = this.encodeForPort(value, RESULT);
    const joiner = this.core.joinerOf(slot);
    if (this.core.hasPort(joiner) === 0) {
      keepTravellers();
      throw new SendError(
        "result",
        value,
        "needs a port, and there is none to a thread that only has a handle of this runtime: return what can be bytes, of at most a megabyte",
      );
    }
    try {
      if (joiner === this.thread) this.parcels.set(slot, ownCopy(letter));
      else this.post.send(slot, joiner, parcelOf(letter));
    } catch (error) {
      keepTravellers();
      throw explainPortError(letter, error);
    }
    this.core.setNumber(slot, OUTCOME_PORT, 0);
    this.carryTo(slot, false);
  }

  /** Ends the joiner's cell as the task has ended. */
  settle(cell: RemoteCell<unknown>, slot: number): void {
    this.letGo(slot);
    const outcome = this.core.outcomeOf(slot);
    try {
      if (outcome === OUTCOME_NUMBER) cell.succeeded(this.core.numberOf(slot));
      else if (outcome === OUTCOME_NONE) cell.succeeded(undefined);
      else if (outcome === OUTCOME_BYTES) cell.succeeded(this.readPayload(slot));
      else if (outcome === OUTCOME_RAW) cell.succeeded(this.readRaw(slot));
      else if (outcome === OUTCOME_THROWN) cell.failed(this.readPayload(slot));
      else if (outcome === OUTCOME_PORT) this.settleByParcel(cell, slot);
      else if (outcome === OUTCOME_LOST) cell.workerLost();
      else cell.cancelled();
    } catch (error) {
      cell.failed(error);
    }
  }

  /** The slot is given back at once, so the parcel is remembered by the cell from here on. */
  private settleByParcel(cell: RemoteCell<unknown>, slot: number): void {
    const from = this.core.homeOf(slot);
    this.post.receive();
    const take = (): void => {
      try {
        cell.succeeded(this.takeParcel(slot));
      } catch (error) {
        cell.failed(error);
      }
    };
    if (this.parcels.has(slot)) take();
    else this.awaiting.set(slot, { from, arrived: take, lost: () => cell.workerLost() });
  }
}

function parcelOf({ bytes, attachments, transfer }: PortMessage): Parcel {
  return { bytes, attachments, transfer };
}

/** For a task that stays on this thread: what another thread would have got. */
function ownCopy(letter: PortMessage): Parcel {
  return structuredClone(parcelOf(letter), { transfer: letter.transfer as Transferable[] });
}
