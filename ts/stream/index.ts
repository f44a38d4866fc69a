// tokiwa/stream

export type { NodeReadable, NodeReadableLike, NodeWritableLike } from "./bridges/node-types.js";
export type { PipeOptions } from "./bridges/pipe.js";
export type { NodeOptions } from "./bridges/to-node.js";
export type { WebOptions } from "./bridges/to-web.js";
export type { Ticking } from "./combinators/time.js";
export {
  ClosedSinkError,
  PipeDroppedError,
  PrematureCloseError,
  StreamArgumentError,
  UndefinedItemError,
} from "./errors.js";
export type { Result, ResultLike } from "./source.js";
export { type FromWebOptions, fromAsyncIterable, fromWeb } from "./sources/async.js";
export { type Emit, fromCoroutine } from "./sources/coroutine.js";
export { empty, fromPollFn, iter, once, pending, unfold } from "./sources/iter.js";
export { fromNode } from "./sources/node.js";
export { Closed, StreamNotifyClose } from "./sources/notify-close.js";
export { StreamMap } from "./sources/stream-map.js";
export {
  BroadcastStream,
  IntervalStream,
  JoinSetStream,
  type Lagged,
  ListenerStream,
  type PollAccept,
  type PollBroadcast,
  type PollJoinNext,
  type PollRecv,
  type PollTick,
  type PollWatch,
  ReceiverStream,
  WatchStream,
} from "./sources/wrappers.js";
export { ChunksTimeout, Peekable, Stream } from "./stream.js";
