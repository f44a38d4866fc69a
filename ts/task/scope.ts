// scope: structured concurrency. What is spawned in a scope has ended when the scope completes.
//
// S1  A scope completes only when its body has ended and nothing that was spawned in it runs any more; an async function counts until
//     it has come to its end, though its task was aborted long before.
// S2  The first failure, of a child that throws or is lost or of the body itself, ends the scope: the children are aborted, then
//     the body is dropped, and when all have ended the failure is thrown. Those that came later are its `suppressed`.
// S3  A child that is aborted has not failed. Whoever waits for it gets its JoinError.
// S4  A scope that is dropped cannot wait: it aborts its children at once. Is it inside of another scope, in that one's body or in
//     one of its children, then that one waits for them, so that S1 holds for it; what they throw is no failure of it. Nobody
//     can be told of that: it is reported, as any panic that nobody has looked at, and so is what had failed before the drop.
//     One that is on another thread, and has aborted the task of this scope, waits for them too.
// S5  A scope that ends, or has ended, takes no more tasks.

import {
  type AsyncContext,
  type Context,
  type Coroutine,
  CoroutineFuture,
  describe,
  describeWait,
  Future,
  isCoroutineFunction,
  NotAFutureError,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import { currentScheduler } from "../runtime/context.js";
import { carriedCell } from "../runtime/entered.js";
import { type SpawnBlockingFunction, type SpawnFunction, spawnOn } from "../runtime/spawning.js";
import { pollingTask, type TaskCell } from "../runtime/task/cell.js";
import { DrivenCell } from "../runtime/task/driven-cell.js";
import type { JoinHandle } from "../runtime/task/join-handle.js";
import type { TaskBuilder, TaskOptions } from "./builder.js";
import { ScopeEndedError } from "./errors.js";
import { BodyChild, Nursery, takeFailures } from "./nursery.js";
import { startBlocking, startBuilt } from "./spawn-into.js";

// The scope whose body is being polled, and by which task: a poll of another task in between is not inside of it.
let polledNursery: Nursery | undefined;
let polledCell: TaskCell<unknown> | undefined;

function pollingCell(): TaskCell<unknown> | undefined {
  const polling = pollingTask();
  return polling?.owner.cellAt(polling.slot);
}

/** The scope that this code is inside of. */
function nurseryHere(): Nursery | undefined {
  const cell = pollingCell() ?? carriedCell();
  if (polledNursery !== undefined && polledCell === cell) return polledNursery;
  return cell?.details?.scope as Nursery | undefined;
}

/**
 * What the body of a scope spawns into it. Whatever is spawned here has ended when the scope completes.
 */
export class Scope {
  private readonly nursery: Nursery;

  /**
   * Spawns a child; as the function `spawn`, from wherever, onto the runtime of the scope.
   *
   * @throws {ScopeEndedError} when the scope has ended, or ends because something failed; and what `spawn` throws.
   */
  readonly spawn: SpawnFunction;
  /**
   * Spawns a child onto the blocking pool; as the function `spawnBlocking`. A call that has begun cannot be aborted: the scope waits
   * for it.
   */
  readonly spawnBlocking: SpawnBlockingFunction;

  /** @internal */
  constructor(nursery: Nursery) {
    this.nursery = nursery;
    const spawn = (target: unknown, ...args: unknown[]): JoinHandle<unknown> => {
      if (!nursery.open) throw new ScopeEndedError();
      return nursery.spawned(spawnOn(nursery.scheduler, spawn, target, args, nursery.details));
    };
    this.spawn = spawn as SpawnFunction;
    const blocking = (fn: unknown, ...args: unknown[]): JoinHandle<unknown> =>
      nursery.started(() => startBlocking(blocking, fn, args));
    this.spawnBlocking = blocking as SpawnBlockingFunction;
  }

  /** Settings for one child: `s.buildTask({ name: "resize" }).spawn(worker, 1)`. As `taskBuilder`. */
  buildTask(options: TaskOptions): TaskBuilder {
    const { nursery } = this;
    const spawn = (target: unknown, ...args: unknown[]): JoinHandle<unknown> =>
      nursery.started(() => startBuilt(options, spawn, target, args));
    return { spawn: spawn as SpawnFunction };
  }

  /** Asks all children to end that are there now. Not a failure: the body goes on. */
  abortAll(): void {
    this.nursery.abortAll(true);
  }

  /** How many children have not ended. */
  len(): number {
    let count = 0;
    for (const child of this.nursery.children) if (!(child instanceof BodyChild)) count += 1;
    return count;
  }

  isEmpty(): boolean {
    return this.len() === 0;
  }
}

/** The body of a scope: a coroutine function, or an async function, which gets `{ signal }` too. */
export type ScopeBody<T> =
  | ((scope: Scope) => Coroutine<T>)
  | ((scope: Scope, context: AsyncContext) => PromiseLike<T>);

type AsyncBody = (...args: unknown[]) => PromiseLike<unknown>;

const NEW = 0;
const RUNNING = 1;
const DONE = 2;

class ScopeFuture<T> extends Future<T> {
  private readonly fn: ScopeBody<T>;
  /** Where `scope` was called, for one that an `await` drives: that poll is of no task of a scope. */
  private readonly calledIn: Nursery | undefined;
  private stage = NEW;
  private nursery: Nursery | undefined;
  private body: Future<unknown> | undefined;
  private asyncBody: TaskCell<unknown> | undefined;
  private value: unknown;

  constructor(fn: ScopeBody<T>) {
    super();
    this.fn = fn;
    this.calledIn = nurseryHere();
  }

  override poll(cx: Context): Poll<T> {
    if (this.stage === DONE) throw new PolledAfterCompletionError("scope()");
    const nursery = this.nursery ?? this.start();
    nursery.waker = cx.waker;
    if (this.body !== undefined && nursery.failures.length === 0)
      this.pollBody(this.body, cx, nursery);
    if (nursery.failures.length > 0 && nursery.open) this.giveUp(nursery);
    if (this.body !== undefined || nursery.children.size > 0) return Pending;
    return this.finish(nursery);
  }

  private start(): Nursery {
    const cell = pollingCell();
    const driven = cell?.details?.unhooked === true;
    const outer = nurseryHere() ?? (driven ? this.calledIn : undefined);
    const task = cell instanceof DrivenCell ? cell.parent : cell;
    const nursery = new Nursery(currentScheduler("scope"), outer, task);
    this.stage = RUNNING;
    this.nursery = nursery;
    this.startBody(this.fn, nursery);
    return nursery;
  }

  private startBody(fn: ScopeBody<T>, nursery: Nursery): void {
    const scope = new Scope(nursery);
    if (isCoroutineFunction(fn)) {
      this.body = new CoroutineFuture(fn(scope));
      return;
    }
    const cell = nursery.scheduler.spawnAsync(fn as AsyncBody, [scope], nursery.details);
    this.asyncBody = cell as TaskCell<unknown>;
    nursery.add(new BodyChild(this.asyncBody, nursery));
  }

  private pollBody(body: Future<unknown>, cx: Context, nursery: Nursery): void {
    const [outerNursery, outerCell] = [polledNursery, polledCell];
    polledNursery = nursery;
    polledCell = pollingCell();
    try {
      const value = body.poll(cx);
      if (value === Pending) return;
      this.value = value;
      this.body = undefined;
    } catch (error) {
      this.body = undefined;
      nursery.failures.push({ error, cell: undefined });
    } finally {
      polledNursery = outerNursery;
      polledCell = outerCell;
    }
  }

  /** Something failed: everything else ends (S2). */
  private giveUp(nursery: Nursery): void {
    nursery.open = false;
    nursery.abortAll();
    const { body } = this;
    this.body = undefined;
    try {
      body?.[Symbol.dispose]();
    } catch (error) {
      nursery.failures.push({ error, cell: undefined });
    }
  }

  private finish(nursery: Nursery): T {
    this.stage = DONE;
    nursery.open = false;
    nursery.gone = true;
    if (nursery.failures.length > 0) throw takeFailures(nursery);
    return (this.asyncBody === undefined ? this.value : this.asyncBody.take()) as T;
  }

  override waitsFor(): string {
    if (this.body !== undefined) return describeWait(this.body);
    const count = this.nursery?.children.size ?? 0;
    return `scope(), ${count} ${count === 1 ? "child" : "children"}`;
  }

  override [Symbol.dispose](): void {
    const { body, nursery, stage } = this;
    this.stage = DONE;
    this.body = undefined;
    if (stage !== RUNNING) return;
    try {
      // While its children are still its own: so a scope inside of the body hands its children to this one first.
      nursery?.abortAll();
      if (nursery !== undefined) nursery.open = false;
      body?.[Symbol.dispose]();
    } finally {
      nursery?.disband();
    }
  }
}

/**
 * Runs `body`, which spawns children into the scope, and completes when the body and all of them have ended: nothing that is
 * spawned in it outlives it.
 *
 *     const sum = yield* scope(function* (s) {
 *       const a = s.spawn(worker, 1);
 *       const b = s.spawn(worker, 2);
 *       return (yield* a) + (yield* b);
 *     });
 *
 * The first child that throws ends the scope: the others are aborted, the body is dropped, and when all have ended the error is
 * thrown as it is, not as a JoinError; errors that others threw meanwhile are its `suppressed`. An error of the body does the same.
 * Aborting a child is no failure.
 *
 * Dropping it aborts the children at once, without waiting; inside of another scope of the same thread that one waits for them, and
 * so does one of another thread that has aborted the task of this scope. What they throw then, and what had failed before, is
 * printed like a panic that nobody has looked at; no other scope fails with it.
 *
 * @param body a coroutine function, or an async function, which gets `{ signal }` after the scope, and is a task of its own. One that
 *   is aborted ends when what it awaits of the library has rejected; the scope waits for it.
 * @returns a future of what the body returns. Not cancel-safe.
 * @throws {NotAFutureError} at the call, when `body` is no function. (From the poll) {@link NoRuntimeError} outside of every
 *   runtime; what the body or a child throws; a {@link JoinError} when the thread of a child has died.
 */
export function scope<T>(body: (scope: Scope, context: AsyncContext) => PromiseLike<T>): Future<T>;
export function scope<T>(body: (scope: Scope) => Coroutine<T>): Future<T>;
export function scope<T>(body: ScopeBody<T>): Future<T> {
  if (typeof body !== "function")
    throw new NotAFutureError(
      `scope(body) needs a coroutine function or an async function, and was given ${describe(body)}`,
      body,
    );
  return new ScopeFuture(body);
}
