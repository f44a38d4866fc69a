// ReadableStream, both ways, with real streams of the web platform.

import { spawn } from "tokiwa";
import { fromWeb, iter, pending, UndefinedItemError } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { loopTurns, rejection, settles } from "../support/tasks.js";
import { now, runPausedOnLoop } from "../support/time.js";
import { Fed, fed, Polled, thrownBy } from "./support.js";

async function readAll<T>(readable: ReadableStream<T>): Promise<T[]> {
  const items: T[] = [];
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return items;
    items.push(value);
  }
}

describe("toWeb", () => {
  test("gives everything, and closes", async () => {
    const source = fed(1, 2, 3);
    expect(await settles(readAll(source.toWeb()))).toEqual([1, 2, 3]);
    expect(source.polls).toBe(4);
  });

  test("asks for nothing before somebody reads, and then for one", async () => {
    const source = new Fed(1, 2, 3);
    const reader = source.toWeb().getReader();
    await loopTurns();
    expect(source.polls).toBe(0);
    expect(await reader.read()).toEqual({ done: false, value: 1 });
    await loopTurns();
    expect(source.polls).toBe(1);
  });

  test("asks up to a mark before somebody reads", async () => {
    const source = new Fed(1, 2, 3, 4, 5);
    const reader = source.toWeb({ highWaterMark: 3 }).getReader();
    await loopTurns();
    expect(source.polls).toBe(3);
    await reader.read();
    await loopTurns();
    expect(source.polls).toBe(4);
  });

  test("a mark by size", async () => {
    const source = new Fed("four", "four", "four", "four");
    source.toWeb({ highWaterMark: 8, size: (text) => text.length });
    await loopTurns();
    expect(source.polls).toBe(2);
  });

  test("cancelling drops the stream, also while a read waits", async () => {
    const source = new Fed<number>();
    const reader = source.toWeb().getReader();
    const read = reader.read();
    await loopTurns();
    expect(source.polls).toBe(1);
    await settles(reader.cancel("enough"));
    expect([source.drops, (await settles(read)).done]).toEqual([1, true]);
  });

  test("an error of the stream is the reader's", async () => {
    const source = new Fed(1).fail(new Error("bad"));
    const reader = source
      .map((n) => n)
      .toWeb()
      .getReader();
    expect((await reader.read()).value).toBe(1);
    expect((await rejection(reader.read())).message).toBe("bad");
    expect(source.drops).toBe(1);
  });

  test("runs on the runtime in which it was made, whoever reads: its clock stands still", async () => {
    const seen = await runPausedOnLoop(function* () {
      const began = performance.now();
      const readable = iter(["a", "b", "c"]).throttle(60_000).toWeb();
      const text = yield* spawn(async () => (await readAll(readable)).join(""));
      return [text, now(), performance.now() - began < 30_000];
    });
    expect(seen).toEqual(["abc", 180_000, true]);
  });

  test("the body of a Response", async () => {
    const bytes = new TextEncoder();
    const body = iter(["ab", "cd"]).map((text) => bytes.encode(text));
    expect(await settles(new Response(body.toWeb()).text())).toBe("abcd");
  });

  test("a chunk that the readable refuses drops the stream", async () => {
    for (const options of [{ bytes: true }, { size: () => Number.NaN, highWaterMark: 1 }]) {
      const source = new Fed(1, 2);
      const reader = source.toWeb(options).getReader();
      // A chunk that somebody waits for is not measured.
      await loopTurns();
      await rejection(reader.read());
      expect(source.drops).toBe(1);
    }
  });

  test("bytes into a buffer of the reader's own, to the end", async () => {
    const readable = iter([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]).toWeb({ bytes: true });
    const reader = readable.getReader({ mode: "byob" });
    const got: number[] = [];
    for (;;) {
      const { done, value } = await settles(reader.read(new Uint8Array(2)));
      if (done) break;
      got.push(...(value as Uint8Array));
    }
    expect(got).toEqual([1, 2, 3, 4]);
  });
});

describe("toWeb of bytes", () => {
  test("leaves a buffer alone in which others have a part", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7);
    const pool = Uint8Array.of(1, 2, 3, 4);
    const chunks = [pool.subarray(0, 2), pool.subarray(2, 3), shared];
    expect(await settles(readAll(iter(chunks).toWeb({ bytes: true })))).toEqual([
      Uint8Array.of(1, 2),
      Uint8Array.of(3),
      Uint8Array.of(7, 7),
    ]);
    expect([pool, shared[0]]).toEqual([Uint8Array.of(1, 2, 3, 4), 7]);
  });

  test("a chunk that has its buffer to itself is not copied", async () => {
    const chunk = Uint8Array.of(1, 2);
    expect(await settles(readAll(iter([chunk]).toWeb({ bytes: true })))).toEqual([
      Uint8Array.of(1, 2),
    ]);
    expect(chunk.byteLength).toBe(0);
  });

  test("leaves empty chunks out", async () => {
    const none = new Uint8Array(0);
    const chunks = iter([none, Uint8Array.of(1), none, Uint8Array.of(2), none]);
    expect(await settles(readAll(chunks.toWeb({ bytes: true })))).toEqual([
      Uint8Array.of(1),
      Uint8Array.of(2),
    ]);
  });
});

/** A ReadableStream that counts, and knows what was done to it. */
function counting(count: number, highWaterMark: number) {
  const log = { pulls: 0, cancelled: undefined as unknown };
  const readable = new ReadableStream<number>(
    {
      pull(controller) {
        log.pulls += 1;
        if (log.pulls > count) controller.close();
        else controller.enqueue(log.pulls);
      },
      cancel(reason) {
        log.cancelled = reason ?? "without a reason";
      },
    },
    { highWaterMark },
  );
  return { readable, log };
}

describe("fromWeb", () => {
  test("gives everything, and gives the lock back", async () => {
    const { readable } = counting(3, 0);
    const items = await runPausedOnLoop(function* () {
      return yield* fromWeb(readable).collect();
    });
    expect([items, readable.locked]).toEqual([[1, 2, 3], false]);
  });

  test("asks only when it is asked", async () => {
    const { readable, log } = counting(9, 0);
    const stream = fromWeb(readable);
    await loopTurns();
    expect(log.pulls).toBe(0);
    await stream.next();
    await loopTurns();
    expect(log.pulls).toBe(1);
    stream[Symbol.dispose]();
  });

  test("dropping it cancels the readable and gives the lock back, in the middle of a read too", async () => {
    for (const polls of [0, 1]) {
      let cancelled = 0;
      const readable = new ReadableStream<number>({
        cancel: () => {
          cancelled += 1;
          throw new Error("nobody is told");
        },
      });
      const stream = fromWeb(readable);
      const polled = new Polled(stream);
      for (let poll = 0; poll < polls; poll++) expect(polled.isPending()).toBe(true);
      stream[Symbol.dispose]();
      stream[Symbol.dispose]();
      await loopTurns();
      expect([cancelled, readable.locked, polled.next()]).toEqual([1, false, undefined]);
    }
  });

  test("preventCancel gives the lock back, and the rest can be read by somebody else", async () => {
    const { readable, log } = counting(3, 0);
    const stream = fromWeb(readable, { preventCancel: true });
    expect(await stream.next()).toBe(1);
    stream[Symbol.dispose]();
    expect(await settles(readAll(readable))).toEqual([2, 3]);
    expect(log.cancelled).toBe(undefined);
  });

  test("an error of the readable is thrown, once", async () => {
    const readable = new ReadableStream<number>({
      start: (controller) => controller.enqueue(1),
      pull: (controller) => controller.error(new Error("bad")),
    });
    const stream = fromWeb(readable);
    expect(await stream.next()).toBe(1);
    expect((await rejection(stream.next())).message).toBe("bad");
    expect([await stream.next(), readable.locked]).toEqual([undefined, false]);
  });

  test("a chunk that is undefined is refused, and the readable cancelled", async () => {
    const { readable, log } = counting(9, 0);
    const stream = fromWeb(
      readable.pipeThrough(
        new TransformStream({
          transform: (_, controller) => controller.enqueue(undefined),
        }),
      ),
    );
    expect(await rejection(stream.next())).toBeInstanceOf(UndefinedItemError);
    await loopTurns();
    expect(log.cancelled).toBe("without a reason");
  });

  test("a readable that somebody else holds is refused at the call", () => {
    const { readable } = counting(1, 0);
    readable.getReader();
    expect(thrownBy(() => fromWeb(readable))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => fromWeb({} as never))).toMatchObject({ argument: "fromWeb(readable)" });
  });

  test("there and back, with nothing asked for ahead", async () => {
    const source = new Fed(...Array.from({ length: 50 }, (_, index) => index)).end();
    const stream = fromWeb(source.toWeb());
    for (let n = 0; n < 10; n++) expect(await stream.next()).toBe(n);
    await loopTurns();
    expect(source.polls).toBe(10);
    expect((await stream.collect()).length).toBe(40);
  });

  test("the reason of a cancel, and an error of a sink, come to the source through what stands between", async () => {
    const reason = new Error("why");
    const mapped = counting(9, 0);
    await fromWeb(mapped.readable)
      .map((n) => n)
      .merge(pending<number>())
      .toWeb()
      .cancel(reason);
    expect(mapped.log.cancelled).toBe(reason);
    const piped = counting(9, 0);
    const sink = new WritableStream<number>({
      write: () => {
        throw reason;
      },
    });
    expect(await rejection(fromWeb(piped.readable).take(5).pipeTo(sink))).toBe(reason);
    expect(piped.log.cancelled).toBe(reason);
    const dropped = counting(9, 0);
    fromWeb(dropped.readable)[Symbol.dispose]();
    expect(dropped.log.cancelled).toBe("without a reason");
  });

  test("a chain of the two passes a cancel on to the source", async () => {
    const source = new Fed<number>();
    const stream = fromWeb(source.toWeb());
    expect(new Polled(stream).isPending()).toBe(true);
    await loopTurns();
    stream[Symbol.dispose]();
    await loopTurns();
    expect(source.drops).toBe(1);
  });
});

describe("pipeTo", () => {
  /** A writable that takes a chunk when it is told to. */
  function slowSink(highWaterMark: number) {
    const log: unknown[] = [];
    const waiting: (() => void)[] = [];
    const writable = new WritableStream<number>(
      {
        write(chunk) {
          log.push(chunk);
          return new Promise<void>((resolve) => waiting.push(resolve));
        },
        close: () => void log.push("closed"),
        abort: (reason) => void log.push(`aborted: ${(reason as Error).message}`),
      },
      { highWaterMark },
    );
    const takeOne = async () => {
      waiting.shift()?.();
      await loopTurns();
    };
    return { writable, log, takeOne };
  }

  test("writes everything, and closes", async () => {
    const { writable, log, takeOne } = slowSink(1);
    const done = (async () => await fed(1, 2).pipeTo(writable))();
    await loopTurns();
    await takeOne();
    await takeOne();
    await settles(done);
    expect([log, writable.locked]).toEqual([[1, 2, "closed"], false]);
  });

  test("asks for an item only when there is room", async () => {
    const source = new Fed(1, 2, 3, 4, 5);
    const { writable, log, takeOne } = slowSink(2);
    const done = (async () => await source.pipeTo(writable))();
    await loopTurns();
    expect([source.polls, log]).toEqual([2, [1]]);
    await takeOne();
    expect([source.polls, log]).toEqual([3, [1, 2]]);
    source.end();
    for (let n = 0; n < 5; n++) await takeOne();
    await settles(done);
  });

  test("an error of the stream aborts the writable, and is thrown", async () => {
    const { writable, log } = slowSink(9);
    const pipe = new Fed<number>().fail(new Error("bad")).pipeTo(writable);
    expect((await rejection(pipe)).message).toBe("bad");
    await loopTurns();
    expect([log, writable.locked]).toEqual([["aborted: bad"], false]);
  });

  test("an error of the writable drops the stream and is thrown, though no item comes", async () => {
    const source = new Fed<number>();
    let break_: (error: Error) => void = () => {};
    const writable = new WritableStream<number>({
      start: (controller) => {
        break_ = (error) => controller.error(error);
      },
    });
    const failed = rejection(source.pipeTo(writable));
    await loopTurns();
    expect(source.polls).toBe(1);
    break_(new Error("sink"));
    expect([(await settles(failed)).message, source.drops]).toEqual(["sink", 1]);
  });

  test("a write that fails drops the stream and is thrown", async () => {
    const source = new Fed(1);
    const writable = new WritableStream<number>({
      write: () => {
        throw new Error("full");
      },
    });
    expect([(await rejection(source.pipeTo(writable))).message, source.drops]).toEqual(["full", 1]);
  });

  test("dropping it aborts the writable and drops the stream, polled or not", async () => {
    const source = new Fed<number>();
    const { writable, log, takeOne } = slowSink(9);
    source.pipeTo(writable)[Symbol.dispose]();
    expect([source.drops, writable.locked, log]).toEqual([1, false, []]);
    const second = new Fed(1);
    await runPausedOnLoop(function* () {
      const task = spawn(second.pipeTo(writable));
      yield* spawn(async () => loopTurns());
      task.abort();
      yield* spawn(async () => loopTurns());
    });
    // A write that is under way is not interrupted.
    await takeOne();
    expect([second.drops, writable.locked, String(log[1])]).toEqual([
      1,
      false,
      expect.stringMatching(/^aborted: the pipe into this writable was dropped/),
    ]);
  });

  test("what is to be left as it is is left", async () => {
    const { writable, log } = slowSink(9);
    await settles((async () => await fed<number>().pipeTo(writable, { preventClose: true }))());
    expect([log, writable.locked]).toEqual([[], false]);
    const failing = new Fed<number>().fail(new Error("bad"));
    await rejection(failing.pipeTo(writable, { preventAbort: true }));
    expect(log).toEqual([]);
    const source = new Fed<number>();
    source.pipeTo(writable, { preventCancel: true })[Symbol.dispose]();
    expect(source.drops).toBe(0);
  });

  test("preventClose waits until everything is taken, and throws an error of the last write", async () => {
    const { writable, takeOne } = slowSink(9);
    let done = false;
    const pipe = (async () => {
      await fed(1, 2).pipeTo(writable, { preventClose: true });
      done = true;
    })();
    await loopTurns();
    await takeOne();
    expect(done).toBe(false);
    await takeOne();
    await settles(pipe);
    const full = new WritableStream<number>(
      {
        async write() {
          await loopTurns();
          throw new Error("full");
        },
      },
      { highWaterMark: 9 },
    );
    const failed = rejection(fed(1).pipeTo(full, { preventClose: true }));
    expect((await settles(failed)).message).toBe("full");
  });

  test("a writable that was closed before is an error, not a wait for ever", async () => {
    const writable = new WritableStream<number>();
    await writable.close();
    const error = await settles(rejection(pending<number>().pipeTo(writable)));
    expect(error.message).toMatch(/closed before the stream had ended/);
  });

  test("a writable that somebody else holds is refused, and the stream dropped", async () => {
    const source = new Fed<number>();
    const writable = new WritableStream<number>();
    writable.getWriter();
    expect(await rejection(source.pipeTo(writable))).toBeInstanceOf(TypeError);
    expect(source.drops).toBe(1);
  });

  test("through a transform and back", async () => {
    const { readable, writable } = new TransformStream<number, string>({
      transform: (n, controller) => controller.enqueue(`#${n}`),
    });
    const items = await runPausedOnLoop(function* () {
      const task = spawn(iter([1, 2, 3]).throttle(1_000).pipeTo(writable));
      const all = yield* fromWeb(readable).collect();
      yield* task;
      return all;
    });
    expect(items).toEqual(["#1", "#2", "#3"]);
  });
});
