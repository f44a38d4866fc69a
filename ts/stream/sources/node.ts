// A readable of Node as a stream.
//
// N1  Nothing is read before the first poll. After that Node itself reads ahead, up to the readable's own mark.
// N2  A stream that is dropped destroys its readable.

import {
  assertLoopRuns,
  beginOutside,
  type Context,
  endOutside,
  Pending,
  type Poll,
  proceed,
  type Waker,
} from "../../future/index.js";
import type { NodeReadableLike } from "../bridges/node-types.js";
import { PrematureCloseError, StreamArgumentError } from "../errors.js";
import { Stream } from "../stream.js";

function ignore(): void {}

class NodeStream<T> extends Stream<T> {
  private readonly readable: NodeReadableLike;
  private listening = false;
  private over = false;
  private hasEnded = false;
  private isClosed = false;
  private failure: { readonly error: unknown } | undefined = undefined;
  private waker: Waker | undefined = undefined;

  constructor(readable: NodeReadableLike) {
    super();
    this.readable = readable;
    // An error that nobody listens for ends the process; this one is kept for the next poll. The other listener stays when the
    // stream has gone: what a readable that was destroyed has still to say concerns nobody.
    readable.on("error", this.onError);
    readable.on("error", ignore);
  }

  private readonly onError = (error: unknown): void => {
    this.failure ??= { error };
    this.wake();
  };

  private readonly onEnd = (): void => {
    this.hasEnded = true;
    this.wake();
  };

  private readonly onClose = (): void => {
    this.isClosed = true;
    this.wake();
  };

  private readonly wake = (): void => {
    const { waker } = this;
    this.waker = undefined;
    if (waker === undefined) return;
    endOutside(this);
    waker.wake();
  };

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    const { readable } = this;
    // Events that have been before.
    this.hasEnded = readable.readableEnded === true;
    if (readable.errored != null) this.failure ??= { error: readable.errored };
    this.isClosed = readable.destroyed === true;
    readable.on("end", this.onEnd);
    readable.on("close", this.onClose);
    readable.on("readable", this.wake);
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    if (this.over) return undefined;
    if (!proceed(cx)) return Pending;
    this.listen();
    const chunk = this.readable.read();
    if (chunk !== null && chunk !== undefined) return chunk as T;
    if (this.failure !== undefined) {
      this.leave();
      throw this.failure.error;
    }
    if (this.hasEnded) {
      this.leave();
      return undefined;
    }
    if (this.isClosed) {
      this.leave();
      throw new PrematureCloseError("a readable of Node");
    }
    return this.wait(cx);
  }

  private wait(cx: Context): Pending {
    assertLoopRuns("a Node stream");
    if (this.waker === undefined) beginOutside(this, "a readable of Node");
    this.waker = cx.waker;
    return Pending;
  }

  private leave(): void {
    this.over = true;
    if (this.waker !== undefined) endOutside(this);
    this.waker = undefined;
    const { readable } = this;
    readable.off("error", this.onError);
    if (!this.listening) return;
    readable.off("end", this.onEnd);
    readable.off("close", this.onClose);
    readable.off("readable", this.wake);
  }

  override waitsFor(): string {
    return "a Node stream";
  }

  override [Symbol.dispose](): void {
    if (this.over) return;
    this.leave();
    this.readable.destroy();
  }
}

/**
 * The chunks of a readable of Node, in object mode or not: `fromNode<Buffer>(createReadStream(path))`. Nothing is read before the
 * first poll. Dropping the stream destroys the readable.
 *
 * @throws {StreamArgumentError} at the call.
 * @throws (from the poll) the readable's error; {@link PrematureCloseError} when it was destroyed without one;
 *   {@link BlockedLoopError} under `blockOn`.
 */
export function fromNode<T = Uint8Array>(readable: NodeReadableLike): Stream<T> {
  if (typeof readable?.read !== "function" || typeof readable.on !== "function")
    throw new StreamArgumentError("fromNode(readable)", readable, "a Readable of Node");
  return new NodeStream<T>(readable);
}
