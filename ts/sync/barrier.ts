// Barrier: a number of tasks wait until all of them have come.
//
// A1  The last to come is the leader; the others are let through with it. After that the barrier begins anew.
// A2  Coming counts, waiting does not: one that is cancelled after its first poll has come, as with Tokio.

import { sharedForms } from "../doors/shared.js";
import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
} from "../future/index.js";
import type { BarrierWaitResult } from "./barrier-wait-result.js";
import { CapacityError } from "./errors.js";
import type { SharedBarrier } from "./shared/barrier.js";
import { WaitList, WaitNode } from "./waiters.js";

const LEADER: BarrierWaitResult = /* @__PURE__ */ Object.freeze({ isLeader: true });
const FOLLOWER: BarrierWaitResult = /* @__PURE__ */ Object.freeze({ isLeader: false });

class Round {
  readonly size: number;
  private come = 0;
  private readonly waiting: WaitList = new WaitList("Barrier.wait()");

  constructor(size: number) {
    this.size = size;
  }

  get missing(): number {
    return this.size - this.come;
  }

  arrive(waker: WaitNode["waker"]): WaitNode {
    const node = new WaitNode(waker);
    this.come += 1;
    this.waiting.push(node);
    return node;
  }

  leave(node: WaitNode): void {
    this.waiting.remove(node);
  }

  /** The last has come. Everybody is out of the line before the first is woken, who may come again at once. */
  complete(): void {
    this.come = 0;
    for (const node of this.waiting.takeAll()) node.waker.wake();
  }
}

class Wait extends Future<BarrierWaitResult> {
  private readonly round: Round;
  private node: WaitNode | undefined;
  private done: boolean;

  constructor(round: Round) {
    super();
    this.round = round;
    this.node = undefined;
    this.done = false;
  }

  override poll(cx: Context): Poll<BarrierWaitResult> {
    if (this.done) throw new PolledAfterCompletionError("a wait at a barrier");
    const node = this.node;
    if (node === undefined) return this.arrive(cx);
    if (node.linked) {
      node.waker = cx.waker;
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.done = true;
    return FOLLOWER;
  }

  private arrive(cx: Context): Poll<BarrierWaitResult> {
    const { round } = this;
    if (round.missing > 1) {
      this.node = round.arrive(cx.waker);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.done = true;
    round.complete();
    return LEADER;
  }

  override waitsFor(): string {
    const { missing, size } = this.round;
    return `Barrier.wait(), ${size - missing} of ${size} have come`;
  }

  override [Symbol.dispose](): void {
    this.done = true;
    if (this.node !== undefined) this.round.leave(this.node);
  }
}

/** Lets tasks through in groups. May be used again and again. */
export class Barrier {
  private readonly round: Round;

  /**
   * A barrier for tasks of several threads: `Send`, with the same methods.
   *
   * @param count as for the constructor.
   */
  static shared(count: number): SharedBarrier {
    return sharedForms().sharedBarrier(count);
  }

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make it by `Barrier.shared`";
  }

  /**
   * @param count how many wait for each other; 0 acts as 1.
   * @throws {CapacityError} when that is no whole number from 0 on.
   */
  constructor(count: number) {
    if (!Number.isInteger(count) || count < 0)
      throw new CapacityError("Barrier(count)", count, "a whole number from 0 on");
    this.round = new Round(Math.max(count, 1));
  }

  /**
   * Waits until as many have come as the barrier is for.
   *
   * Not cancel-safe: one that is dropped while it waits has come all the same, and the others do not wait for another in its
   * place.
   */
  wait(): Future<BarrierWaitResult> {
    return new Wait(this.round);
  }
}
