// The children of a scope: who is in it, what has gone wrong with them, and where they go when it is dropped. S1 to S5 are in
// scope.ts.

import { Waker } from "../future/index.js";
import { replaceScheduler } from "../runtime/entered.js";
import type { Scheduler } from "../runtime/scheduler/scheduler.js";
import type { TaskCell, TaskDetails } from "../runtime/task/cell.js";
import { JoinHandle } from "../runtime/task/join-handle.js";
import { ScopeEndedError } from "./errors.js";
import { TrueEnd } from "./true-end.js";

/** A task that keeps a scope from completing. It moves to the outer scope if its own is dropped (S4). */
export class Child extends TrueEnd {
  nursery: Nursery;
  private adopted = false;

  constructor(cell: TaskCell<unknown>, nursery: Nursery) {
    super(cell);
    this.nursery = nursery;
  }

  /** A failure is heard of before the true end, which an async function may put off. */
  override wake(): void {
    if (!this.adopted) this.nursery.childFinished(this.cell);
    super.wake();
  }

  /** Its scope was dropped: another waits for it, whose failure it cannot be. */
  adoptBy(nursery: Nursery): void {
    this.adopted = true;
    this.nursery = nursery;
    nursery.children.add(this);
  }

  protected override ended(): void {
    this.nursery.leave(this);
  }
}

/**
 * The body as a child, if it is an async function: an abort then makes what it awaits of the library reject, and the scope waits
 * until it has come to its end.
 */
export class BodyChild extends Child {}

/** What threw, and the task if it was one: so that its panic is reported if the error can be told in no other way. */
interface Failure {
  readonly error: unknown;
  readonly cell: TaskCell<unknown> | undefined;
}

function failureOf(cell: TaskCell<unknown>): Failure | undefined {
  if (cell.isPanicked()) return { error: cell.panic(), cell };
  if (cell.hasOutput()) return undefined;
  const error = cell.joinError();
  return error.isWorkerLost ? { error, cell } : undefined;
}

/** The children of a scope, and what has gone wrong with them. */
export class Nursery {
  readonly scheduler: Scheduler;
  readonly outer: Nursery | undefined;
  /** The task that the scope is in. */
  private readonly task: TaskCell<unknown> | undefined;
  readonly children: Set<Child> = new Set();
  readonly failures: Failure[] = [];
  /** Marks the children as this scope's, for scopes inside of them. */
  readonly details: TaskDetails = { scope: this };
  /** Takes tasks. */
  open = true;
  /** Nobody of this thread waits for it any more. */
  gone = false;
  /** It is gone, but another thread, which hears of its task's end, waits until its children have ended. */
  private lingers = false;
  waker: Waker = Waker.noop();

  constructor(
    scheduler: Scheduler,
    outer: Nursery | undefined,
    task: TaskCell<unknown> | undefined,
  ) {
    this.scheduler = scheduler;
    this.outer = outer;
    this.task = task;
  }

  add(child: Child): void {
    this.children.add(child);
    child.watch();
  }

  /** A child for the handle that its spawn returns. */
  spawned(cell: TaskCell<unknown>): JoinHandle<unknown> {
    this.add(new Child(cell, this));
    return new JoinHandle(cell);
  }

  /** A child that `start` starts on the current runtime, which is the scope's meanwhile. */
  started(start: () => TaskCell<unknown>): JoinHandle<unknown> {
    if (!this.open) throw new ScopeEndedError();
    const previous = replaceScheduler(this.scheduler);
    try {
      const cell = start();
      cell.details = { ...cell.details, ...this.details };
      return this.spawned(cell);
    } finally {
      replaceScheduler(previous);
    }
  }

  childFinished(cell: TaskCell<unknown>): void {
    const failure = this.gone ? undefined : failureOf(cell);
    if (failure !== undefined) this.fail(failure);
  }

  fail(failure: Failure): void {
    this.failures.push(failure);
    if (this.failures.length === 1) this.waker.wake();
  }

  leave(child: Child): void {
    this.children.delete(child);
    if (this.children.size === 0) this.waker.wake();
  }

  abortAll(exceptBody = false): void {
    for (const child of [...this.children])
      if (!(exceptBody && child instanceof BodyChild)) child.cell.cancel();
  }

  /** What the body threw, where nobody will be told: a task's panic is reported without. */
  reportBody(except?: unknown): void {
    for (const { cell, error } of this.failures)
      if (cell === undefined && error !== except)
        this.scheduler.reportError("the body of a scope threw", error);
  }

  /** The scope is dropped: whoever is left goes to the outer scope, if that still waits. */
  disband(): void {
    this.open = false;
    this.gone = true;
    this.waker = Waker.noop();
    this.abortAll();
    this.reportBody();
    // The one around it may have been dropped before; its children are where this one's must go.
    let { outer } = this;
    while (outer?.gone && !outer.lingers) outer = outer.outer;
    if (outer === undefined) {
      this.linger();
      return;
    }
    for (const child of this.children) child.adoptBy(outer);
    this.children.clear();
  }

  /** No scope of this thread waits for its children, but one of another may wait for its task. */
  private linger(): void {
    if (this.children.size === 0) return;
    const ended = this.task?.owner.outlived(this.task);
    if (ended === undefined) return;
    this.lingers = true;
    this.waker = Waker.from(() => {
      this.lingers = false;
      ended();
    });
  }
}

/**
 * The first failure, with the others as its `suppressed`: one error, or an AggregateError of several. What cannot be told that way
 * is reported as any panic that nobody has looked at.
 */
export function takeFailures(nursery: Nursery): unknown {
  const { failures } = nursery;
  const { error } = failures[0] as Failure;
  const others = new Set(failures.map((failure) => failure.error));
  others.delete(error);
  const areTold = suppress(error, others);
  for (const failure of failures) if (areTold || failure.error === error) see(failure);
  if (!areTold) nursery.reportBody(error);
  return error;
}

/** The panic of a task is told to somebody. */
function see({ cell }: Failure): void {
  cell?.owner.observed(cell);
}

/** Those that were made here: what is in them may be taken out again. */
const gathered: WeakSet<AggregateError> = /* @__PURE__ */ new WeakSet();

/** What an error is said to have suppressed by now. It may have come out of a scope inside of this one, with what failed there. */
function suppressedBy(error: Error): readonly unknown[] {
  if (!("suppressed" in error)) return [];
  const { suppressed } = error;
  return gathered.has(suppressed as AggregateError)
    ? (suppressed as AggregateError).errors
    : [suppressed];
}

/**
 * Whether the others are told with the error. Several may throw one and the same, a signal's reason say, and that again in the next
 * scope: such an error is changed only if there is something to add.
 */
function suppress(error: unknown, others: ReadonlySet<unknown>): boolean {
  if (others.size === 0) return true;
  if (!(error instanceof Error) || !Object.isExtensible(error)) return false;
  const before = suppressedBy(error);
  const all = [...new Set([...before, ...others])];
  if (all.length === before.length) return true;
  const value = all.length === 1 ? all[0] : gather(all);
  Object.defineProperty(error, "suppressed", { value, configurable: true });
  return true;
}

function gather(errors: readonly unknown[]): AggregateError {
  const all = new AggregateError(errors, "more than one failed");
  gathered.add(all);
  return all;
}
