// A writable of Node as the end of a pipe.

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
  private isFinished: boolean;
  private failure: { readonly error: unknown } | undefined = undefined;

  constructor(writable: NodeWritableLike) {
    this.writable = writable;
    this.isFull = writable.writableNeedDrain === true;
    this.isFinished = false;
    if (writable.errored != null) this.failure = { error: writable.errored };
    else if (writable.destroyed === true || writable.writableFinished === true) this.onClose();
    // What the pipe aborts a writable with is the pipe's to report, also after it has gone.
    writable.on("error", ignore);
    writable.on("error", this.onError);
    writable.on("close", this.onClose);
    writable.on("drain", this.onDrain);
    writable.on("finish", this.onFinish);
    beginOutside();
  }

  private readonly onError = (error: unknown): void => {
    this.failure ??= { error };
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
    this.isFinished = true;
    this.wake();
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
    this.isFull = !this.writable.write(item);
  }

  close(): Future<void> {
    let began = false;
    return pollFn((cx): Poll<void> => {
      if (!began) this.writable.end();
      began = true;
      return this.isFinished ? undefined : this.wait(cx);
    });
  }

  abort(reason: unknown): void {
    if (this.writable.destroyed !== true)
      this.writable.destroy(reason === undefined ? new PipeDroppedError() : asError(reason));
  }

  release(): void {
    endOutside();
    this.waker = undefined;
    this.writable.off("error", this.onError);
    this.writable.off("close", this.onClose);
    this.writable.off("drain", this.onDrain);
    this.writable.off("finish", this.onFinish);
  }
}
