// Streams of Node, both ways, with real ones.

import { createHash, randomBytes } from "node:crypto";
import { once as onceEvent } from "node:events";
import { PassThrough, pipeline, Readable, Transform, Writable } from "node:stream";
import { promisify } from "node:util";
import { createGzip, gunzipSync } from "node:zlib";
import { BlockedLoopError, select, sleep, spawn } from "tokiwa";
import { ClosedSinkError, fromNode, fromWeb, iter, PrematureCloseError } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { loopTurns, rejection, settles } from "../support/tasks.js";
import { now, runPaused, runPausedOnLoop } from "../support/time.js";
import { Fed, fed, Polled, thrownBy } from "./support.js";

const pipelineDone = promisify(pipeline);

/** A readable in object mode that counts how often it is asked. */
function counting(count: number, highWaterMark: number) {
  const log = { reads: 0 };
  const readable = new Readable({
    objectMode: true,
    highWaterMark,
    read() {
      log.reads += 1;
      this.push(log.reads > count ? null : log.reads);
    },
  });
  return { readable, log };
}

describe("fromNode", () => {
  test("object mode: every object, one at a time", async () => {
    const items = await runPausedOnLoop(function* () {
      return yield* fromNode<{ n: number }>(Readable.from([{ n: 1 }, { n: 2 }])).collect();
    });
    expect(items).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("byte mode: every byte", async () => {
    const bytes = randomBytes(300_000);
    let at = 0;
    const readable = new Readable({
      read(size) {
        this.push(at < bytes.length ? bytes.subarray(at, at + size) : null);
        at += size;
      },
    });
    const chunks = await runPausedOnLoop(function* () {
      return yield* fromNode<Buffer>(readable).collect();
    });
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(chunks.length).toBeGreaterThan(1);
  });

  test("asks for nothing before the first poll, and not beyond Node's own mark after", async () => {
    const { readable, log } = counting(100, 2);
    const stream = fromNode<number>(readable);
    await loopTurns();
    expect(log.reads).toBe(0);
    expect(await stream.next()).toBe(1);
    await loopTurns();
    expect(log.reads).toBeLessThanOrEqual(4);
    await loopTurns();
    expect(log.reads).toBeLessThanOrEqual(4);
    stream[Symbol.dispose]();
  });

  test("an error is thrown, also one from before the first poll, and the process lives", async () => {
    const early = new Readable({ read() {} });
    const stream = fromNode(early);
    early.destroy(new Error("early"));
    await loopTurns();
    expect((await rejection(stream.next())).message).toBe("early");
    expect(await stream.next()).toBe(undefined);
    const late = new Readable({ read() {} });
    const other = fromNode(late);
    const next = rejection(other.next());
    await loopTurns();
    late.destroy(new Error("late"));
    expect((await settles(next)).message).toBe("late");
    const before = new Readable({ read() {} });
    before.on("error", () => {});
    before.destroy(new Error("before"));
    await loopTurns();
    expect((await rejection(fromNode(before).next())).message).toBe("before");
  });

  test("a readable that is destroyed without an error is an error: it was not the end", async () => {
    const readable = new PassThrough();
    const next = rejection(fromNode(readable).next());
    await loopTurns();
    readable.destroy();
    expect(await settles(next)).toBeInstanceOf(PrematureCloseError);
    expect(await rejection(fromNode(readable).next())).toBeInstanceOf(PrematureCloseError);
  });

  test("one that has ended before has ended", async () => {
    const readable = Readable.from([]);
    readable.resume();
    await onceEvent(readable, "end");
    expect(await settles((async () => fromNode(readable).next())())).toBe(undefined);
  });

  test("dropping it destroys the readable, and what that says later harms nobody", async () => {
    for (const polls of [0, 1]) {
      const readable = new Readable({
        read() {},
        destroy(_error, callback) {
          callback(new Error("clean-up failed"));
        },
      });
      const stream = fromNode(readable);
      const polled = new Polled(stream);
      for (let poll = 0; poll < polls; poll++) polled.next();
      stream[Symbol.dispose]();
      stream[Symbol.dispose]();
      await loopTurns();
      expect([readable.destroyed, polled.next()]).toEqual([true, undefined]);
      expect(["end", "readable", "close"].map((name) => readable.listenerCount(name))).toEqual([
        0, 0, 0,
      ]);
    }
  });

  test("a next() that loses a select loses nothing", async () => {
    const items = await runPausedOnLoop(function* () {
      const through = new PassThrough({ objectMode: true });
      spawn(async () => {
        for (let n = 0; n < 20; n++) {
          await loopTurns(2);
          through.write(n);
        }
        through.end();
      });
      const stream = fromNode<number>(through);
      const got: number[] = [];
      for (;;) {
        const winner = yield* select({ item: stream.next(), tick: sleep(1) });
        if (winner.branch === "tick") continue;
        if (winner.value === undefined) return got;
        got.push(winner.value);
      }
    });
    expect(items).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test("is refused under blockOn, which stops the event loop", () => {
    const readable = new PassThrough();
    expect(
      thrownBy(() =>
        runPaused(function* () {
          yield* fromNode(readable).next();
        }),
      ),
    ).toBeInstanceOf(BlockedLoopError);
  });

  test("refuses what is no readable", () => {
    expect(thrownBy(() => fromNode({} as never))).toMatchObject({ argument: "fromNode(readable)" });
  });
});

describe("toNode", () => {
  test("a real Readable that gives everything", async () => {
    const readable = fed(1, 2, 3).toNode();
    expect(readable).toBeInstanceOf(Readable);
    const items: unknown[] = [];
    for await (const item of readable) items.push(item);
    expect(items).toEqual([1, 2, 3]);
  });

  test("asks for nothing before somebody reads, and for no more than is read", async () => {
    const source = new Fed(1, 2, 3, 4);
    const readable = source.toNode();
    await loopTurns();
    expect(source.polls).toBe(0);
    const iterator = readable[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toBe(1);
    await loopTurns();
    expect(source.polls).toBeLessThanOrEqual(2);
    await iterator.return?.();
    expect(source.drops).toBe(1);
  });

  test("with a mark: up to it, and no further", async () => {
    const source = new Fed(...Array.from({ length: 20 }, (_, index) => index));
    const readable = source.toNode({ highWaterMark: 3 }) as Readable;
    await loopTurns();
    expect(source.polls).toBe(0);
    readable.read(0);
    await loopTurns();
    expect(source.polls).toBe(3);
    await loopTurns();
    expect(source.polls).toBe(3);
    readable.destroy();
  });

  test("a slow writable holds the source back", async () => {
    const source = new Fed(...Array.from({ length: 50 }, (_, index) => index)).end();
    const waiting: (() => void)[] = [];
    const taken: number[] = [];
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(chunk, _encoding, callback) {
        taken.push(chunk);
        waiting.push(callback);
      },
    });
    const done = pipelineDone(source.toNode(), slow);
    await loopTurns(10);
    expect(taken.length).toBe(1);
    expect(source.polls).toBeLessThanOrEqual(4);
    for (let n = 0; n < 60; n++) {
      waiting.shift()?.();
      await loopTurns(3);
      expect(source.polls - taken.length).toBeLessThanOrEqual(4);
    }
    await settles(done);
    expect(taken).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  test("destroying it drops the stream, also while it waits", async () => {
    const source = new Fed<number>();
    const readable = source.toNode() as Readable;
    readable.on("data", () => {});
    await loopTurns();
    expect(source.polls).toBe(1);
    readable.destroy();
    await onceEvent(readable, "close");
    expect(source.drops).toBe(1);
  });

  test("an error of the stream destroys it", async () => {
    const source = new Fed(1).fail(new Error("bad"));
    const seen: unknown[] = [];
    const error = await rejection(
      (async () => {
        for await (const item of source.map((n) => n).toNode()) seen.push(item);
      })(),
    );
    expect([seen, error.message, source.drops > 0]).toEqual([[1], "bad", true]);
  });

  test("what the clean-up of the stream throws is the readable's error", async () => {
    const source = new Fed<number>();
    source[Symbol.dispose] = () => {
      throw new Error("clean-up");
    };
    const readable = source.toNode() as Readable;
    readable.destroy();
    const [error] = await onceEvent(readable, "error");
    expect(error.message).toBe("clean-up");
  });

  test("null cannot go through, and says so", async () => {
    const error = await rejection(
      (async () => {
        for await (const _ of iter([null]).toNode());
      })(),
    );
    expect(error.message).toMatch(/null/);
  });

  test("in byte mode a chunk that is empty is left out, and does not stop it; as an object it is one", async () => {
    const readAll = async (readable: AsyncIterable<unknown>) => {
      const chunks: string[] = [];
      for await (const chunk of readable) chunks.push(String(chunk));
      return chunks;
    };
    const chunks = ["", "a", Buffer.alloc(0), Buffer.from("b"), ""];
    for (const highWaterMark of [0, 1_024]) {
      const bytes = iter(chunks).toNode({ objectMode: false, highWaterMark });
      expect(await settles(readAll(bytes))).toEqual(["a", "b"]);
    }
    expect(await settles(readAll(iter(chunks).toNode()))).toEqual(chunks.map(String));
  });

  test("why it was destroyed is passed on to a readable of the web below it", async () => {
    let reason: unknown;
    const body = new ReadableStream<number>({
      cancel(given) {
        reason = given;
      },
    });
    const readable = fromWeb(body)
      .map((n) => n)
      .toNode() as Readable;
    const error = new Error("enough");
    readable.on("error", () => {});
    readable.destroy(error);
    await loopTurns();
    expect([reason, readable.closed]).toEqual([error, true]);
  });

  test("bytes, through a real transform, and back", async () => {
    const bytes = randomBytes(200_000);
    const parts = Array.from({ length: 20 }, (_, n) =>
      bytes.subarray(n * 10_000, (n + 1) * 10_000),
    );
    const zipped = await runPausedOnLoop(function* () {
      const gzip = createGzip();
      iter(parts).toNode({ objectMode: false }).pipe(gzip);
      return yield* fromNode<Buffer>(gzip).collect();
    });
    const hash = (data: Uint8Array) => createHash("sha1").update(data).digest("hex");
    expect(hash(gunzipSync(Buffer.concat(zipped)))).toBe(hash(bytes));
  });

  test("runs on the runtime in which it was made: its clock stands still", async () => {
    const seen = await runPausedOnLoop(function* () {
      const items = yield* fromNode<number>(iter([1, 2]).throttle(60_000).toNode()).collect();
      return [items, now()];
    });
    expect(seen).toEqual([[1, 2], 120_000]);
  });
});

describe("pipeToNode", () => {
  /** A writable that takes a chunk when it is told to. */
  function slowSink(highWaterMark: number) {
    const log: unknown[] = [];
    const waiting: (() => void)[] = [];
    const writable = new Writable({
      objectMode: true,
      highWaterMark,
      write(chunk, _encoding, callback) {
        log.push(chunk);
        waiting.push(callback);
      },
      final(callback) {
        log.push("ended");
        callback();
      },
      destroy(error, callback) {
        if (error) log.push(`destroyed: ${error.message}`);
        callback(error);
      },
    });
    const takeOne = async () => {
      waiting.shift()?.();
      await loopTurns();
    };
    return { writable, log, takeOne };
  }

  test("waits for drain, and asks for nothing meanwhile", async () => {
    const source = new Fed(1, 2, 3, 4).end();
    const { writable, log, takeOne } = slowSink(2);
    const done = (async () => await source.pipeToNode(writable))();
    await loopTurns();
    expect([source.polls, log]).toEqual([2, [1]]);
    await takeOne();
    expect(source.polls).toBe(2);
    for (let n = 0; n < 6; n++) await takeOne();
    await settles(done);
    expect(log).toEqual([1, 2, 3, 4, "ended"]);
    expect(["drain", "close", "finish"].map((name) => writable.listenerCount(name))).toEqual([
      0, 0, 0,
    ]);
  });

  test("an error of the stream destroys the writable, is thrown, and the process lives", async () => {
    const { writable, log } = slowSink(9);
    const error = await rejection(new Fed<number>().fail(new Error("bad")).pipeToNode(writable));
    await loopTurns();
    expect([error.message, log]).toEqual(["bad", ["destroyed: bad"]]);
  });

  test("an error of the writable drops the stream and is thrown, though no item comes", async () => {
    const source = new Fed<number>();
    const { writable } = slowSink(9);
    const failed = rejection(source.pipeToNode(writable));
    await loopTurns();
    writable.destroy(new Error("sink"));
    expect([(await settles(failed)).message, source.drops]).toEqual(["sink", 1]);
  });

  test("a writable that is closed by somebody else, or was before, is an error", async () => {
    const { writable } = slowSink(9);
    const failed = rejection(new Fed<number>().pipeToNode(writable));
    await loopTurns();
    writable.destroy();
    expect((await settles(failed)).message).toMatch(/closed before the stream had ended/);
    const again = rejection(new Fed<number>().pipeToNode(writable));
    expect((await settles(again)).message).toMatch(/closed before the stream had ended/);
  });

  test("dropping it destroys the writable and drops the stream", async () => {
    const source = new Fed(1);
    const { writable, log } = slowSink(9);
    await runPausedOnLoop(function* () {
      const task = spawn(source.pipeToNode(writable));
      yield* spawn(async () => loopTurns());
      task.abort();
      yield* spawn(async () => loopTurns());
    });
    expect([source.drops, writable.destroyed, String(log[1])]).toEqual([
      1,
      true,
      expect.stringMatching(/^destroyed: the pipe into this writable was dropped/),
    ]);
  });

  test("a writable that somebody else ends, or has ended, is an error, and is left to end by itself", async () => {
    for (const before of [false, true]) {
      const source = new Fed<number>();
      const { writable, log, takeOne } = slowSink(9);
      writable.write(0);
      if (before) writable.end();
      const failed = rejection(source.pipeToNode(writable));
      await loopTurns();
      if (!before) writable.end();
      await takeOne();
      expect(await settles(failed)).toBeInstanceOf(ClosedSinkError);
      await loopTurns();
      expect([source.drops, log]).toEqual([1, [0, "ended"]]);
    }
  });

  test("a writable that somebody else ends behind the last item is one, whatever has been told of it", async () => {
    const source = new Fed<number>();
    const { writable } = slowSink(9);
    const failed = rejection(source.pipeToNode(writable));
    await loopTurns();
    source.push(1);
    await loopTurns();
    writable.end();
    source.end();
    expect(await settles(failed)).toBeInstanceOf(ClosedSinkError);
  });

  test("an error of the sink is not hidden by what the stream's clean-up throws", async () => {
    const error = new Error("the sink's");
    const bad = new Error("the clean-up's");
    const source = new Fed<number>();
    source[Symbol.dispose] = () => {
      throw bad;
    };
    const writable = new Writable({ objectMode: true });
    const failed = rejection(source.pipeToNode(writable));
    await loopTurns();
    writable.destroy(error);
    expect(await settles(failed)).toBe(error);
    expect((error as { suppressed?: unknown }).suppressed).toBe(bad);
  });

  test("an item that comes when somebody else has ended or destroyed it finds that out, if no event has said so", async () => {
    const ended = slowSink(9).writable;
    ended.write(0);
    const silent = new Writable({ objectMode: true, emitClose: false });
    for (const [writable, end] of [
      [ended, () => ended.end()],
      [silent, () => silent.destroy()],
    ] as const) {
      const source = new Fed<number>();
      const failed = rejection(source.pipeToNode(writable));
      await loopTurns();
      end();
      await loopTurns();
      source.push(1);
      expect(await settles(failed)).toBeInstanceOf(ClosedSinkError);
      expect([source.drops, writable.errored]).toEqual([1, null]);
    }
  });

  test("one that has failed, and has not said so yet, ends the pipe and not the process", async () => {
    const { writable } = slowSink(9);
    const message = await runPausedOnLoop(function* () {
      writable.destroy(new Error("before"));
      try {
        return yield* new Fed<number>().pipeToNode(writable);
      } catch (error) {
        return (error as Error).message;
      }
    });
    await loopTurns();
    expect(message).toBe("before");
  });

  test("preventClose waits until everything is taken, and leaves it open", async () => {
    const { writable, log, takeOne } = slowSink(9);
    let done = false;
    const pipe = (async () => {
      await fed(1, 2).pipeToNode(writable, { preventClose: true });
      done = true;
    })();
    await loopTurns();
    await takeOne();
    expect([log, done]).toEqual([[1, 2], false]);
    await takeOne();
    await settles(pipe);
    expect([log, writable.writableEnded]).toEqual([[1, 2], false]);
  });

  test("preventClose: an error of the last write is thrown", async () => {
    const full = new Writable({
      objectMode: true,
      write(_chunk, _encoding, callback) {
        setImmediate(callback, new Error("disk full"));
      },
    });
    const pipe = fed(1).pipeToNode(full, { preventClose: true });
    expect((await settles(rejection(pipe))).message).toBe("disk full");
  });

  test("what has been piped into leaves no listener: its later errors are its owner's", async () => {
    const writable = new PassThrough({ objectMode: true });
    writable.resume();
    const before = writable.listenerCount("error");
    for (let n = 0; n < 12; n++)
      await settles((async () => await fed(n).pipeToNode(writable, { preventClose: true }))());
    const dropped = new Fed<number>().pipeToNode(writable, { preventAbort: true });
    const failing = new Fed<number>().fail(new Error("bad"));
    await rejection(failing.pipeToNode(writable, { preventAbort: true }));
    dropped[Symbol.dispose]();
    expect(writable.listenerCount("error")).toBe(before);
  });

  test("through a transform and back, under a clock that stands still", async () => {
    const items = await runPausedOnLoop(function* () {
      const double = new Transform({
        objectMode: true,
        transform: (n: number, _encoding, callback) => callback(null, n * 2),
      });
      const task = spawn(iter([1, 2, 3]).throttle(1_000).pipeToNode(double));
      const all = yield* fromNode<number>(double).collect();
      yield* task;
      return [all, now()];
    });
    expect(items).toEqual([[2, 4, 6], 3_000]);
  });
});
