// OnceCell: a value that is made when it is first asked for, once.
//
// O1  One initialiser runs at a time; the others wait in line for its value.
// O2  An initialiser that throws or is dropped has not been: the next in line runs its own.
// O3  A value that is there stays, until it is taken: then the cell begins anew, and who asked before that gets the one taken.

import { sharedForms } from "../doors/shared.js";
import {
  type AsyncFunction,
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
} from "../future/index.js";
import type { OnlySend } from "../send/send.js";
import { Acquire } from "./acquire.js";
import { BatchSemaphore } from "./batch-semaphore.js";
import type { Returned } from "./callback.js";
import { checkFunction } from "./checks.js";
import { SetError } from "./errors.js";
import { Initialization, type Initializer } from "./initialization.js";
import type { Loan } from "./lost.js";
import type { SharedOnceCell } from "./shared/once-cell.js";

/** The semaphore has one permit, for the initialiser, and is closed once there is a value. */
class State<T> extends BatchSemaphore {
  value: T | undefined;
  /** The number of the task that initialises, for reports. */
  initializer: number;

  constructor() {
    super(1, "turn of OnceCell.getOrInit()");
    this.value = undefined;
    this.initializer = 0;
  }

  store(value: T): void {
    this.value = value;
    this.close();
  }
}

/** The turn to initialise. */
class Turn<T> extends Acquire<State<T>, void> {
  protected override acquired(loan: Loan<State<T>>): void {
    const { semaphore } = this;
    semaphore.initializer = loan.record.holder;
    // Who has the turn gives it back by itself.
    semaphore.takeBack(loan);
  }

  protected override called(): string {
    return "OnceCell.getOrInit()";
  }

  override waitsFor(): string {
    const { initializer } = this.semaphore;
    return `${this.called()}, initialized by ${initializer > 0 ? `task ${initializer}` : "somebody else"}`;
  }
}

class GetOrInit<T> extends Future<T> {
  private readonly state: State<T>;
  /** Before it has its turn. */
  private turn: Turn<T> | undefined;
  /** Until this has ended. */
  private initialization: Initialization | undefined;

  constructor(state: State<T>, initializer: Initializer, args: readonly unknown[]) {
    super();
    this.state = state;
    this.turn = new Turn(state, 1, undefined);
    this.initialization = new Initialization(initializer, args);
  }

  override poll(cx: Context): Poll<T> {
    const { turn, initialization, state } = this;
    if (initialization === undefined) throw new PolledAfterCompletionError("getOrInit()");
    if (turn === undefined) return this.run(cx, initialization);
    if (state.isClosed()) return this.found(cx, turn);
    if (turn.poll(cx) === Pending) return Pending;
    this.turn = undefined;
    return this.run(cx, initialization);
  }

  private found(cx: Context, turn: Turn<T>): Poll<T> {
    if (!proceed(cx)) return Pending;
    this.turn = undefined;
    this.initialization = undefined;
    turn[Symbol.dispose]();
    return this.state.value as T;
  }

  private run(cx: Context, initialization: Initialization): Poll<T> {
    let failed = true;
    try {
      const value = initialization.poll(cx);
      failed = false;
      if (value === Pending) return Pending;
      this.initialization = undefined;
      this.state.store(value as T);
      return value as T;
    } finally {
      if (failed) this.giveUp();
    }
  }

  /** The next in line has its turn (O2). */
  private giveUp(): void {
    this.initialization = undefined;
    this.state.release(1);
  }

  override waitsFor(): string | undefined {
    return this.turn?.waitsFor() ?? this.initialization?.waitsFor();
  }

  override [Symbol.dispose](): void {
    const { turn, initialization } = this;
    if (initialization === undefined) return;
    this.turn = undefined;
    this.initialization = undefined;
    if (turn !== undefined) {
      turn[Symbol.dispose]();
      return;
    }
    try {
      initialization[Symbol.dispose]();
    } finally {
      this.giveUp();
    }
  }
}

/** A cell whose value is made by the first who asks for it, while the others wait. */
export class OnceCell<T> {
  private state: State<T> = new State();

  /** A cell that has its value. */
  static from<T>(value: T): OnceCell<T> {
    const cell = new OnceCell<T>();
    cell.state.store(value);
    return cell;
  }

  /** A cell for tasks of several threads: `Send`, with the same methods. A T that cannot be sent is an error of the compiler. */
  static shared<T>(..._onlySend: OnlySend<T>): SharedOnceCell<T> {
    return sharedForms().sharedOnceCell();
  }

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make it by `OnceCell.shared`";
  }

  /** The value, or undefined while there is none. */
  get(): T | undefined {
    return this.state.value;
  }

  /** Whether there is a value. */
  isInitialized(): boolean {
    return this.state.isClosed();
  }

  /**
   * Gives the cell its value; who waits for it gets this one.
   *
   * @throws {SetError} with the value, when there is one already, or an initialiser runs.
   */
  set(value: T): void {
    if (this.isInitialized()) throw new SetError(value, false);
    if (!this.state.tryTake(1)) throw new SetError(value, true);
    this.state.store(value);
  }

  /**
   * Takes the value out; the cell is then as good as new. Whoever had asked for the value before that gets it all the same.
   *
   * @returns the value; undefined when there is none, and then nothing happens.
   */
  take(): T | undefined {
    if (!this.isInitialized()) return undefined;
    const { value } = this.state;
    this.state = new State();
    return value;
  }

  /**
   * The value; made by `initializer` if there is none. One runs at a time: while somebody else's does, this waits for it, and
   * runs its own only if that one throws or is cancelled.
   *
   * An initialiser that asks the same cell waits for itself.
   *
   * @param initializer a coroutine function, an async function (which gets `{ signal }` after the arguments, if it declares a
   *   parameter for that; the signal fires when this is dropped) or a plain one.
   * @param args what it is called with.
   * @throws {SyncArgumentError} at the call, for what is no function. @throws (from the poll) what the initialiser throws: to this
   *   caller, the others try on.
   *
   * Cancel-safe as far as the initialiser is.
   */
  getOrInit<A extends readonly unknown[]>(initializer: AsyncFunction<A, T>, ...args: A): Future<T>;
  getOrInit<A extends readonly unknown[]>(
    initializer: (...args: A) => Returned<T>,
    ...args: A
  ): Future<T>;
  getOrInit(initializer: (...args: never[]) => unknown, ...args: unknown[]): Future<T> {
    checkFunction("getOrInit(initializer)", initializer, "a function that makes the value");
    return new GetOrInit(this.state, initializer as Initializer, args);
  }
}
