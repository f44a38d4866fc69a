// Streams over channels, intervals, sets of tasks and listeners.

import { type Context, interval, main, Pending, type Poll, sleep, spawn } from "tokiwa";
import {
  BroadcastStream,
  IntervalStream,
  JoinSetStream,
  ListenerStream,
  ReceiverStream,
  UndefinedItemError,
  WatchStream,
} from "tokiwa/stream";
import { broadcast, ClosedHandleError, LaggedError, mpsc, SendError, watch } from "tokiwa/sync";
import { JoinSet } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import { runNet } from "../support/net.js";
import { now, runPaused, timers } from "../support/time.js";
import { Polled, restOf, thrownBy } from "./support.js";

describe("ReceiverStream", () => {
  test("gives what was sent, ends with the channel", () => {
    const [tx, rx] = mpsc.unbounded<number>();
    const polled = new Polled(new ReceiverStream(rx));
    expect(polled.isPending()).toBe(true);
    tx.send(1);
    tx.send(2);
    expect(polled.wakes).toBeGreaterThan(0);
    expect(polled.rest()).toEqual([1, 2, "pending"]);
    tx[Symbol.dispose]();
    expect([polled.wakes, polled.next(), polled.next()]).toEqual([1, undefined, undefined]);
  });

  test("keeps the backpressure of the channel", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      const stream = new ReceiverStream(rx);
      tx.trySend(1);
      expect(() => tx.trySend(2)).toThrow();
      expect(yield* stream.next()).toBe(1);
      tx.trySend(2);
    });
  });

  test("dropping it closes the channel", () => {
    const [tx, rx] = mpsc.unbounded<number>();
    const stream = new ReceiverStream(rx).map((n) => n);
    stream[Symbol.dispose]();
    expect(() => tx.send(1)).toThrow(SendError);
  });

  test("intoInner gives the receiver back, open", () => {
    const [tx, rx] = mpsc.unbounded<number>();
    const stream = new ReceiverStream(rx);
    expect(stream.intoInner()).toBe(rx);
    stream[Symbol.dispose]();
    tx.send(1);
    expect([rx.tryRecv(), restOf(stream)]).toEqual([1, ["end"]]);
  });
});

describe("the end", () => {
  /** Something to be wrapped that is over, and counts how often it is dropped. */
  function over(poll: (cx: Context) => undefined) {
    const inner = {
      drops: 0,
      pollRecv: poll,
      pollChanged: poll,
      pollJoinNext: poll,
      isClosed: () => true,
      isEmpty: () => true,
      borrowAndUpdate: () => 0,
      [Symbol.dispose]() {
        inner.drops += 1;
      },
    };
    return inner;
  }
  const closed = () => {
    throw new Error("closed");
  };

  test("of a channel drops the receiver", () => {
    const mpscLike = over(() => undefined);
    const broadcastLike = over(closed);
    const watchLike = over(closed);
    const streams = [
      new ReceiverStream(mpscLike),
      new BroadcastStream(broadcastLike),
      WatchStream.fromChanges(watchLike),
    ];
    expect(streams.map((stream) => restOf<unknown>(stream))).toEqual([["end"], ["end"], ["end"]]);
    for (const stream of streams) stream[Symbol.dispose]();
    expect([mpscLike, broadcastLike, watchLike].map((inner) => inner.drops)).toEqual([1, 1, 1]);
  });

  test("of a set of tasks leaves the set to its owner", () => {
    const set = over(() => undefined);
    const stream = new JoinSetStream(set);
    expect([restOf(stream), stream.intoInner(), set.drops]).toEqual([["end"], undefined, 0]);
  });

  test("what a receiver's clean-up throws after an error comes with that", () => {
    const inner = over(closed);
    inner[Symbol.dispose] = () => {
      throw new Error("clean-up");
    };
    const error = thrownBy(() => restOf(new ReceiverStream(inner)));
    expect(error).toMatchObject({ message: "closed", suppressed: { message: "clean-up" } });
  });

  test("of a shared channel gives its memory back", async () => {
    await main(function* () {
      const [tx, rx] = mpsc.shared<string>(1);
      tx.trySend("a");
      tx[Symbol.dispose]();
      expect(yield* new ReceiverStream(rx).collect()).toEqual(["a"]);
      expect(() => rx.tryRecv()).toThrow(ClosedHandleError);
    });
  });
});

describe("BroadcastStream", () => {
  test("a lag is an item, and the stream goes on with the oldest value that is left", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const polled = new Polled(new BroadcastStream(rx));
    for (const n of [1, 2, 3, 4, 5]) tx.send(n);
    const lag = polled.next() as { error: LaggedError };
    expect(lag.error).toBeInstanceOf(LaggedError);
    expect(lag.error.skipped).toBe(3);
    expect(polled.rest()).toEqual([{ value: 4 }, { value: 5 }, "pending"]);
    tx.send(6);
    tx[Symbol.dispose]();
    expect(polled.rest()).toEqual([{ value: 6 }, "end"]);
  });

  test("tryNext throws the lag, and goes on", () => {
    runPaused(function* () {
      const [tx, rx] = broadcast.channel<string>(2);
      const stream = new BroadcastStream(rx);
      for (const text of ["a", "b", "c"]) tx.send(text);
      let skipped = 0;
      try {
        yield* stream.tryNext();
      } catch (error) {
        skipped = (error as LaggedError).skipped;
      }
      expect([skipped, yield* stream.tryNext()]).toEqual([1, "b"]);
    });
  });

  test("undefined, sent as a value, is an item here", () => {
    const [tx, rx] = broadcast.channel<undefined>(2);
    tx.send(undefined);
    tx[Symbol.dispose]();
    expect(restOf(new BroadcastStream(rx))).toEqual([{ value: undefined }, "end"]);
  });
});

describe("WatchStream", () => {
  test("the present value first, then what changes; what is overtaken is left out", () => {
    const [tx, rx] = watch.channel("a");
    const polled = new Polled(new WatchStream(rx));
    expect(polled.rest()).toEqual(["a", "pending"]);
    tx.send("b");
    tx.send("c");
    expect(polled.wakes).toBe(1);
    expect(polled.rest()).toEqual(["c", "pending"]);
    tx[Symbol.dispose]();
    expect([polled.wakes, polled.next()]).toEqual([1, undefined]);
  });

  test("fromChanges leaves the present value out", () => {
    const [tx, rx] = watch.channel("a");
    const polled = new Polled(WatchStream.fromChanges(rx));
    expect(polled.isPending()).toBe(true);
    tx.send("b");
    expect(polled.next()).toBe("b");
  });

  test("the last value comes though the sender is gone", () => {
    const [tx, rx] = watch.channel(1);
    const stream = WatchStream.fromChanges(rx);
    tx.send(2);
    tx[Symbol.dispose]();
    expect(restOf(stream)).toEqual([2, "end"]);
  });

  test("a value that is undefined is refused, and the receiver dropped", () => {
    const [tx, rx] = watch.channel<number | undefined>(undefined);
    expect(() => restOf(new WatchStream(rx))).toThrow(UndefinedItemError);
    expect(tx.receiverCount()).toBe(0);
  });
});

describe("IntervalStream", () => {
  test("ticks, the first at once; a drop gives the timer back", () => {
    runPaused(function* () {
      const stream = new IntervalStream(interval(100));
      const ticks = yield* stream.byRef().take(3).collect();
      expect([ticks.map((tick) => tick.valueOf()), now()]).toEqual([[0, 100, 200], 200]);
      expect(new Polled(stream).isPending()).toBe(true);
      stream[Symbol.dispose]();
      expect(timers()).toBe(0);
    });
  });
});

describe("JoinSetStream", () => {
  test("results as the tasks end, and the end when the set is empty", () => {
    runPaused(function* () {
      const set = new JoinSet<number>();
      for (const [index, ms] of [30, 10, 20].entries())
        set.spawn(function* () {
          yield* sleep(ms);
          if (index === 2) throw new Error("bad");
          return index;
        });
      const seen: unknown[] = [];
      const stream = new JoinSetStream(set);
      for (;;) {
        const item = yield* stream.next();
        if (item === undefined) break;
        seen.push("value" in item ? item.value : (item.error.cause as Error).message);
      }
      expect(seen).toEqual([1, "bad", 0]);
    });
  });

  test("dropping it aborts what is left", () => {
    runPaused(function* () {
      const set = new JoinSet<void>();
      const handle = set.spawn(function* () {
        yield* sleep(1_000);
      });
      new JoinSetStream(set)[Symbol.dispose]();
      yield* sleep(1);
      expect(handle.isFinished()).toBe(true);
    });
  });
});

describe("ListenerStream", () => {
  test("connections of a real listener; dropping it closes the listener", async () => {
    const { TcpListener, TcpStream } = await import("tokiwa/net");
    await runNet(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      const address = listener.localAddr();
      const stream = new ListenerStream(listener);
      const client = spawn(function* () {
        using socket = yield* TcpStream.connect(address);
        yield* socket.writeAll(new Uint8Array([7]));
      });
      const socket = yield* stream.tryNext();
      const into = new Uint8Array(1);
      yield* (socket as NonNullable<typeof socket>).readExact(into);
      socket?.[Symbol.dispose]();
      yield* client;
      stream[Symbol.dispose]();
      let refused = "";
      try {
        yield* TcpStream.connect(address);
      } catch (error) {
        refused = (error as { code: string }).code;
      }
      expect([into[0], refused]).toEqual([7, "ECONNREFUSED"]);
    });
  });

  test("an error is an item; a listener that was closed gives one, and then the end", () => {
    const answers: (string | { code: string } | typeof Pending)[] = [
      "one",
      { code: "EMFILE" },
      "two",
      Pending,
      { code: "EBADF" },
    ];
    let polls = 0;
    const listener = {
      pollAccept(_cx: Context): Poll<readonly [string, unknown]> {
        const answer = answers[polls++];
        if (answer === Pending) return Pending;
        if (typeof answer === "string") return [answer, "peer"];
        throw answer;
      },
    };
    const polled = new Polled(new ListenerStream(listener));
    expect(polled.rest()).toEqual([
      { value: "one" },
      { error: { code: "EMFILE" } },
      { value: "two" },
      "pending",
    ]);
    expect(polled.rest()).toEqual([{ error: { code: "EBADF" } }, "end"]);
    expect(polls).toBe(5);
  });
});
