// Notify: wakes who waits, and remembers at most one wake for who comes next.
//
// N1  `notifyOne` with nobody waiting stores a permit; a second one stores nothing more.
// N2  `notifyWaiters` wakes every `Notified` made before the call, polled or not, and stores nothing.
// N3  A `Notified` that was chosen by `notifyOne` and is dropped before it has seen it passes the wake on.

import { sharedForms } from "../doors/shared.js";
import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  Waker,
} from "../future/index.js";
import type { SharedNotify } from "./shared/notify.js";
import { WaitList, WaitNode } from "./waiters.js";

const WAITING = 0;
/** Chosen by `notifyOne`: must be passed on if it is not seen. */
const ONE = 1;
/** The same by `notifyLast`. */
const LAST = 2;
/** Woken with all others: nothing to pass on. */
const ALL = 3;

class NotifyNode extends WaitNode {
  notified: number = WAITING;
}

class Shared {
  readonly waiting: WaitList<NotifyNode> = new WaitList("Notify.notified()");
  permit = false;
  /** Calls of `notifyWaiters` so far (N2). */
  broadcasts = 0;

  notify(kind: typeof ONE | typeof LAST): void {
    const node = kind === LAST ? this.waiting.pop() : this.waiting.shift();
    if (node === undefined) {
      this.permit = true;
      return;
    }
    node.notified = kind;
    node.waker.wake();
  }
}

/** Waits for a notification. Cancel-safe; the place in the line is lost. */
export class Notified extends Future<void> {
  private readonly shared: Shared;
  private readonly born: number;
  private node: NotifyNode | undefined;
  private done: boolean;

  /** @internal */
  constructor(shared: Shared) {
    super();
    this.shared = shared;
    this.born = shared.broadcasts;
    this.node = undefined;
    this.done = false;
  }

  /** Joins the line without being polled. Returns whether it has been notified already. */
  enable(): boolean {
    if (this.done) return true;
    return this.advance(undefined);
  }

  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("notified()");
    if (!this.advance(cx.waker)) return Pending;
    if (!proceed(cx)) return Pending;
    this.done = true;
    this.node = undefined;
  }

  /** Whether it is notified; joins the line if it is not. */
  private advance(waker: Waker | undefined): boolean {
    const { shared, node } = this;
    if (node !== undefined) {
      if (waker !== undefined) node.waker = waker;
      return node.notified !== WAITING;
    }
    const joined = new NotifyNode(waker ?? Waker.noop());
    this.node = joined;
    if (shared.broadcasts !== this.born) joined.notified = ALL;
    else if (shared.permit) {
      shared.permit = false;
      joined.notified = ONE;
    } else {
      shared.waiting.push(joined);
      return false;
    }
    return true;
  }

  override waitsFor(): string {
    return "Notify.notified()";
  }

  override [Symbol.dispose](): void {
    const node = this.node;
    this.done = true;
    this.node = undefined;
    if (node === undefined) return;
    this.shared.waiting.remove(node);
    if (node.notified === ONE || node.notified === LAST) this.shared.notify(node.notified);
  }
}

/** Wakes tasks without giving them anything. */
export class Notify {
  private readonly shared: Shared = new Shared();

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make it by `Notify.shared`";
  }

  /** A Notify for tasks of several threads: `Send`, with the same methods. */
  static shared(): SharedNotify {
    return sharedForms().sharedNotify();
  }

  /** A future of the next notification. It hears of every `notifyWaiters` from now on, polled or not. */
  notified(): Notified {
    return new Notified(this.shared);
  }

  /** Wakes the one who waits longest; with nobody waiting, the next who comes does not wait. */
  notifyOne(): void {
    this.shared.notify(ONE);
  }

  /** Wakes the one who came last; with nobody waiting, the next who comes does not wait. */
  notifyLast(): void {
    this.shared.notify(LAST);
  }

  /** Wakes everybody who waits now, and stores nothing. */
  notifyWaiters(): void {
    this.shared.broadcasts += 1;
    const { waiting } = this.shared;
    // Only those who wait now: a waker that polls at once could join again.
    const woken: NotifyNode[] = [];
    for (let node = waiting.shift(); node; node = waiting.shift()) woken.push(node);
    for (const node of woken) node.notified = ALL;
    for (const node of woken) node.waker.wake();
  }
}
