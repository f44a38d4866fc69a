// SetOnce: a value that is set once, and waited for.

import { sharedForms } from "../doors/shared.js";
import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
} from "../future/index.js";
import type { OnlySend } from "../send/send.js";
import { SetError } from "./errors.js";
import type { SharedSetOnce } from "./shared/set-once.js";
import { WaitList, WaitNode } from "./waiters.js";

class State<T> {
  value: T | undefined = undefined;
  isSet = false;
  readonly waiting: WaitList = new WaitList("SetOnce.wait()");

  /** Whoever waits has left the line before the first is woken: a waker may poll at once. */
  store(value: T): void {
    this.value = value;
    this.isSet = true;
    for (const node of this.waiting.takeAll()) node.waker.wake();
  }
}

class Wait<T> extends Future<T> {
  private readonly state: State<T>;
  private node: WaitNode | undefined;
  private done: boolean;

  constructor(state: State<T>) {
    super();
    this.state = state;
    this.node = undefined;
    this.done = false;
  }

  override poll(cx: Context): Poll<T> {
    if (this.done) throw new PolledAfterCompletionError("SetOnce.wait()");
    const { state } = this;
    if (!state.isSet) return this.join(cx);
    if (!proceed(cx)) return Pending;
    this.done = true;
    return state.value as T;
  }

  private join(cx: Context): Pending {
    if (this.node === undefined) {
      this.node = new WaitNode(cx.waker);
      this.state.waiting.push(this.node);
    }
    this.node.waker = cx.waker;
    return Pending;
  }

  override waitsFor(): string {
    return "SetOnce.wait()";
  }

  override [Symbol.dispose](): void {
    this.done = true;
    if (this.node !== undefined) this.state.waiting.remove(this.node);
  }
}

/** A cell that is given its value once; whoever comes before that can wait for it. */
export class SetOnce<T> {
  private readonly state: State<T> = new State();

  /** A cell that has its value. */
  static from<T>(value: T): SetOnce<T> {
    const cell = new SetOnce<T>();
    cell.state.store(value);
    return cell;
  }

  /** A cell for tasks of several threads: `Send`, with the same methods. A T that cannot be sent is an error of the compiler. */
  static shared<T>(..._onlySend: OnlySend<T>): SharedSetOnce<T> {
    return sharedForms().sharedSetOnce();
  }

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make it by `SetOnce.shared`";
  }

  /** Gives the cell its value. @throws {SetError} with the value, when there is one already. */
  set(value: T): void {
    if (this.state.isSet) throw new SetError(value, false);
    this.state.store(value);
  }

  /** The value, or undefined while there is none. */
  get(): T | undefined {
    return this.state.value;
  }

  /** Whether there is a value. */
  isInitialized(): boolean {
    return this.state.isSet;
  }

  /** Waits for the value. Cancel-safe. */
  wait(): Future<T> {
    return new Wait(this.state);
  }
}
