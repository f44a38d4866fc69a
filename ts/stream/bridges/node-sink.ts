// A writable of Node as the end of a pipe.
//
// E1  Who else ends the writable, or destroys it, ends the pipe with a `ClosedSinkError`; what it has been given before is its
//     own affair then, so one that was ended is not destroyed.
// E2  An error of the writable that has to do with the pipe is the pipe's to report, and ends no process, also when it is emitted
//     after the pipe has gone. From there on all others are its owner's.

import {
  assertLoopRuns,
  beginOutside,
  type Context,
  endOutside,
  type Future,
  Pending,
  type Poll,
  pollFn,
  type Waker,
} from "../../future/index.js";
import { ClosedSinkError, PipeDroppedError } from "../errors.js";
import type { NodeWritableLike } from "./node-types.js";
import type { Sink } from "./pipe.js";

function ignore(): void {}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}

export class NodeSink<T> implements Sink<T> {
  private readonly writable: NodeWritableLike;
  private waker: Waker | undefined = undefined;
  private isFull: boolean;
  /** Whether the pipe itself has ended the writable: whoever else does ends the pipe (E1). */
  private isEnding = false;
  private isFinished = false;
  /** Chunks that the writable has and has not taken yet. */
  private untaken = 0;
  private failure: { readonly error: unknown } | undefined = undefined;
  /** Whether an error of which the pipe knows has still to be emitted (E2). */
  private isErrorDue = false;

  constructor(writable: NodeWritableLike) {
    this.writable = writable;
    this.isFull = writable.writableNeedDrain === true;
    this.noticeEnd();
    writable.on("error", ignore);
    writable.on("error", this.onError);
    writable.on("close", this.onClose);
    writable.on("drain", this.onDrain);
    writable.on("finish", this.onFinish);
    beginOutside(this, "a writable of Node");
  }

  /** Ends that no event will tell, or not yet. */
  private noticeEnd(): void {
    const { writable } = this;
    if (this.failure !== undefined) return;
    if (writable.errored != null) {
      this.failure = { error: writable.errored };
      this.isErrorDue = true;
    } else if (writable.destroyed === true || writable.writableEnded === true)
      this.failure = { error: new ClosedSinkError() };
  }

  private readonly onError = (error: unknown): void => {
    this.failure ??= { error };
    this.isErrorDue = false;
    this.wake();
  };

  private readonly onClose = (): void => {
    if (!this.isFinished) this.failure ??= { error: new ClosedSinkError() };
    this.wake();
  };

  private readonly onDrain = (): void => {
    this.isFull = false;
    this.wake();
  };

  private readonly onFinish = (): void => {
    this.isFinished = this.isEnding;
    if (!this.isEnding) this.failure ??= { error: new ClosedSinkError() };
    this.wake();
  };

  private readonly onTaken = (error?: Error | null): void => {
    // "error" or "close" comes after this, and says it better: a writable that was destroyed refuses what it has.
    if (error != null) return;
    this.untaken -= 1;
    if (this.untaken === 0) this.wake();
  };

  private wake(): void {
    const { waker } = this;
    this.waker = undefined;
    waker?.wake();
  }

  /** Pending, or the error of the writable. */
  private wait(cx: Context): Pending {
    if (this.failure !== undefined) throw this.failure.error;
    assertLoopRuns("a Node stream");
    this.waker = cx.waker;
    return Pending;
  }

  ready(): Future<void> {
    return pollFn((cx): Poll<void> => (this.isFull ? this.wait(cx) : undefined));
  }

  failed(): Future<never> {
    return pollFn<never>((cx) => this.wait(cx));
  }

  write(item: T): void {
    this.noticeEnd();
    if (this.failure !== undefined) throw this.failure.error;
    this.untaken += 1;
    this.isFull = !this.writable.write(item, this.onTaken);
  }

  taken(): Future<void> {
    return pollFn((cx): Poll<void> => (this.untaken === 0 ? undefined : this.wait(cx)));
  }

  close(): Future<void> {
    return pollFn((cx): Poll<void> => {
      if (!this.isEnding) this.end();
      return this.isFinished ? undefined : this.wait(cx);
    });
  }

  private end(): void {
    this.noticeEnd();
    if (this.failure !== undefined) throw this.failure.error;
    this.isEnding = true;
    this.writable.end();
  }

  abort(reason: unknown): void {
    const { writable } = this;
    const endsByItself = writable.writableEnded === true && !this.isEnding;
    if (writable.destroyed === true || endsByItself) return;
    this.isErrorDue = true;
    writable.destroy(reason === undefined ? new PipeDroppedError() : asError(reason));
  }

  release(): void {
    endOutside(this);
    this.waker = undefined;
    const { writable } = this;
    if (!this.isErrorDue) writable.off("error", ignore);
    writable.off("error", this.onError);
    writable.off("close", this.onClose);
    writable.off("drain", this.onDrain);
    writable.off("finish", this.onFinish);
  }
}
