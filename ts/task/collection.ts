// What JoinSet, JoinMap and JoinQueue have in common: tasks that belong together, and whose ends are taken one by one.
//
// M1  Every task spawned into a collection is in it until its result is taken, it is detached, or the collection is disposed.
// M2  An end wakes who waits, and costs O(1) however many tasks there are; a poll looks at no task that has not ended.
// M3  Who waits and goes away takes no result along: a result leaves the collection in the poll that gives it.
// M4  Whoever waits when the last task leaves hears of that too, and gets undefined.

import {
  type Context,
  dropAll,
  Future,
  type Owned,
  ownedIn,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  WakerSet,
} from "../future/index.js";
import type { TaskCell } from "../runtime/task/cell.js";
import type { JoinError } from "../runtime/task/join-error.js";
import { AbortHandle } from "../runtime/task/join-handle.js";
import { DisposedCollectionError } from "./errors.js";
import { Member, type MemberOwner } from "./members.js";

/** How a task of a collection has ended: its value, or the error; and the id that `spawn` gave it. */
export type JoinResult<T> =
  | { readonly id: number; readonly value: T; readonly error?: undefined }
  | { readonly id: number; readonly error: JoinError; readonly value?: undefined };

/** The result of a task that has ended. */
export function resultOf<T>(cell: TaskCell<unknown>): JoinResult<T> {
  const { id } = cell;
  try {
    return { id, value: cell.take() as T };
  } catch (error) {
    return { id, error: error as JoinError };
  }
}

/** What is owned of the value that a task has given. */
function ownedBy({ cell }: Member): readonly Owned[] {
  return cell.hasOutput() && !cell.isPanicked() ? ownedIn(cell.take()) : [];
}

class JoinNext<R> extends Future<R | undefined> {
  private readonly collection: TaskCollection<R>;
  private done: boolean;

  constructor(collection: TaskCollection<R>) {
    super();
    this.collection = collection;
    this.done = false;
  }

  override poll(cx: Context): Poll<R | undefined> {
    if (this.done) throw new PolledAfterCompletionError("joinNext()");
    const result = this.collection.pollFor(this, cx);
    this.done = result !== Pending;
    return result;
  }

  override waitsFor(): string {
    return this.collection.describeWait("joinNext()");
  }

  override [Symbol.dispose](): void {
    this.done = true;
    this.collection.leave(this);
  }
}

class Shutdown extends Future<void> {
  private readonly collection: TaskCollection<unknown>;
  private begun = false;
  private done = false;

  constructor(collection: TaskCollection<unknown>) {
    super();
    this.collection = collection;
  }

  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("shutdown()");
    if (!this.begun) {
      this.begun = true;
      this.collection.beginShutdown();
    }
    if (!this.collection.pollEmpty(this, cx)) return Pending;
    this[Symbol.dispose]();
  }

  override waitsFor(): string {
    return this.collection.describeWait("shutdown()");
  }

  override [Symbol.dispose](): void {
    if (this.begun && !this.done) this.collection.endShutdown();
    this.done = true;
    this.collection.leave(this);
  }
}

/** A collection whose ends are given as `R`. */
export abstract class TaskCollection<R> implements MemberOwner, Disposable, AsyncIterable<R> {
  private readonly title: string;
  private readonly waiting = new WakerSet();
  private size = 0;
  private disposed = false;
  /** Shutdowns under way: what is spawned meanwhile is aborted at once, or they might never end. */
  private shutdowns = 0;

  protected constructor(title: string) {
    this.title = title;
  }

  /** @internal */
  abstract memberEnded(member: Member): void;
  /** A new member takes its place. */
  protected abstract place(member: Member): void;
  /** The member whose result is next, if it has ended. */
  protected abstract nextEnded(): Member | undefined;
  /** All members, in a list of the caller's own. */
  protected abstract members(): Member[];
  protected abstract resultFor(member: Member): R;
  /** A member has left. */
  protected left(_member: Member): void {}

  /** @throws {DisposedCollectionError} */
  protected assertUsable(): void {
    if (this.disposed) throw new DisposedCollectionError(this.title);
  }

  protected add(cell: TaskCell<unknown>, key?: unknown): AbortHandle {
    const member = new Member(cell, this, key);
    this.place(member);
    this.size += 1;
    member.watch();
    if (this.shutdowns > 0) cell.cancel();
    return new AbortHandle(cell);
  }

  /** A member leaves, its result with it. */
  protected forget(member: Member): void {
    if (member.list === undefined) return;
    member.release();
    this.size -= 1;
    this.left(member);
    if (this.size === 0) this.waiting.wakeAll();
  }

  /** Members leave, and nobody will get their results: what is owned of them is dropped, as by Rust. */
  protected discard(members: readonly Member[]): void {
    for (const member of members) this.forget(member);
    dropAll(members.flatMap(ownedBy));
  }

  /** Somebody's turn has come. */
  protected wakeWaiting(): void {
    this.waiting.wakeAll();
  }

  private take(member: Member): R {
    this.forget(member);
    return this.resultFor(member);
  }

  /** @internal Polls for one of several who may wait. */
  pollFor(who: object, cx: Context): Poll<R | undefined> {
    if (this.size === 0) {
      this.waiting.delete(who);
      return undefined;
    }
    const member = this.nextEnded();
    if (member === undefined) {
      this.waiting.set(who, cx.waker);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.waiting.delete(who);
    return this.take(member);
  }

  /** @internal Forgets what has ended; whether nothing is left. */
  pollEmpty(who: object, cx: Context): boolean {
    for (let member = this.nextEnded(); member !== undefined; member = this.nextEnded()) {
      if (!proceed(cx)) return false;
      this.discard([member]);
    }
    if (this.size > 0) this.waiting.set(who, cx.waker);
    return this.size === 0;
  }

  /** @internal Somebody waits no longer. */
  leave(who: object): void {
    this.waiting.delete(who);
  }

  /** @internal What a wait of that name is called in a report. */
  describeWait(wait: string): string {
    return `${this.title}.${wait}, ${this.size} ${this.size === 1 ? "task" : "tasks"} in it`;
  }

  /** @internal */
  beginShutdown(): void {
    this.shutdowns += 1;
    this.abortAll();
  }

  /** @internal */
  endShutdown(): void {
    this.shutdowns -= 1;
  }

  /** How many tasks are in it: those that run, and those whose result nobody has taken. */
  len(): number {
    return this.size;
  }

  isEmpty(): boolean {
    return this.size === 0;
  }

  /**
   * Waits for the next result, and takes it out of the collection.
   *
   * @returns `{ id, value }`, or `{ id, error }` for a task that threw, was aborted or was lost; undefined when no task is left.
   *   It does not throw for a task.
   *
   * Cancel-safe: dropping it takes no result. Costs a unit of the budget for each result.
   */
  joinNext(): Future<R | undefined> {
    return new JoinNext(this);
  }

  /** The next result if it is there; undefined when none is, be it that tasks still run or that there are none. */
  tryJoinNext(): R | undefined {
    const member = this.nextEnded();
    return member && this.take(member);
  }

  /**
   * For futures written by hand: the next result, undefined when no task is left, or `Pending`. The waker of the last poll
   * is woken.
   */
  pollJoinNext(cx: Context): Poll<R | undefined> {
    return this.pollFor(this, cx);
  }

  /** Asks all tasks to end. They stay until their results are taken, which say that they were cancelled. */
  abortAll(): void {
    for (const member of this.members()) member.cell.cancel();
  }

  /**
   * Aborts all tasks and waits until they have ended; what is spawned meanwhile is aborted too. Their results are dropped; a
   * panic among them is printed, as one of a task that nobody waits for. An async function that is aborted has ended as a
   * task, although the engine may still run it to its end.
   *
   * Cancel-safe: what has not ended stays in the collection, aborted.
   */
  shutdown(): Future<void> {
    return new Shutdown(this as TaskCollection<unknown>);
  }

  /** Lets go of all tasks without aborting them: they run on, and the collection is empty. */
  detachAll(): void {
    this.discard(this.members());
  }

  /** Gives results as they come, until no task is left. Leaving the loop leaves the other tasks in the collection. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, void> {
    for (let result = await this.joinNext(); result !== undefined; result = await this.joinNext())
      yield result;
  }

  /** Aborts all tasks and lets go of them, without waiting for their ends. Nothing can be spawned into it any more. */
  [Symbol.dispose](): void {
    this.disposed = true;
    this.abandon();
  }

  /** @internal Aborts all tasks and lets go of them. */
  abandon(): void {
    const members = this.members();
    // An abort may end a task here and now: whoever hears of that finds an empty collection.
    for (const member of members) this.forget(member);
    for (const member of members) member.cell.cancel();
    dropAll(members.flatMap(ownedBy));
  }
}
