// ioMock: reads and writes by a script.

import { join, Pending, sleep, spawn, Waker, yieldNow } from "tokiwa";
import { UnexpectedEofError } from "tokiwa/io";
import { DeadlockError, InvalidArgumentError } from "tokiwa/runtime";
import {
  assertPending,
  assertReady,
  assertRejects,
  type IoMock,
  ioMock,
  MockError,
  task,
} from "tokiwa/testing";
import { describe, expect, test } from "vitest";
import { bytes, text } from "../support/net.js";
import { thrown } from "../support/tasks.js";
import { now, runPaused } from "../support/time.js";

function* readText(mock: IoMock, most = 100) {
  const buffer = new Uint8Array(most);
  return text(buffer.subarray(0, yield* mock.read(buffer)));
}

describe("reads", () => {
  test("give the script's bytes, then the end", () => {
    runPaused(function* () {
      using mock = ioMock().read("hello ").read(bytes("world")).build();
      expect(yield* readText(mock)).toBe("hello ");
      expect(yield* readText(mock)).toBe("world");
      expect([yield* readText(mock), yield* readText(mock)]).toEqual(["", ""]);
    });
  });

  test("into a small buffer, piece by piece", () => {
    runPaused(function* () {
      using mock = ioMock().read("hello").build();
      expect([
        yield* readText(mock, 2),
        yield* readText(mock, 2),
        yield* readText(mock, 2),
      ]).toEqual(["he", "ll", "o"]);
    });
  });

  test("into an empty buffer take nothing", () => {
    runPaused(function* () {
      using mock = ioMock().read("hello").build();
      expect(yield* mock.read(new Uint8Array(0))).toBe(0);
      expect(yield* readText(mock)).toBe("hello");
    });
  });

  test("readExact and readToEnd", () => {
    runPaused(function* () {
      using mock = ioMock().read("hel").read("lo, wor").read("ld").build();
      expect(text(yield* mock.readExact(new Uint8Array(5)))).toBe("hello");
      expect(text(yield* mock.readToEnd())).toBe(", world");
      yield* assertRejects(mock.readExact(new Uint8Array(1)), UnexpectedEofError);
    });
  });

  test("throw what the script says", () => {
    runPaused(function* () {
      const error = new Error("reset");
      using mock = ioMock().read("a").readError(error).read("b").build();
      expect(yield* readText(mock)).toBe("a");
      expect(yield* assertRejects(readText(mock))).toBe(error);
      expect(yield* readText(mock)).toBe("b");
    });
  });

  test("are not changed by who changes the bytes afterwards", () => {
    runPaused(function* () {
      const given = bytes("abc");
      using mock = ioMock().read(given).build();
      given.fill(0);
      expect(yield* readText(mock)).toBe("abc");
    });
  });
});

describe("writes", () => {
  test("are compared, in whatever pieces they come", () => {
    runPaused(function* () {
      using mock = ioMock().write("hello ").write("world").build();
      yield* mock.writeAll(bytes("hel"));
      yield* mock.writeAll(bytes("lo wor"));
      expect(yield* mock.write(bytes("ld"))).toBe(2);
      yield* mock.flush();
      yield* mock.shutdown();
    });
  });

  test("of other bytes fail, and name the mock, both and the place", () => {
    runPaused(function* () {
      using mock = ioMock("the client").write("hello").build();
      yield* mock.writeAll(bytes("he"));
      const error = yield* assertRejects(mock.writeAll(bytes("LP")), MockError);
      expect(error.mock).toBe("the client");
      expect(error.message).toContain('the client: "LP" was written, but the script says "ll"');
      expect(error.message).toContain("byte 2");
    });
  });

  test("of bytes that are no text are shown as numbers", () => {
    runPaused(function* () {
      using mock = ioMock()
        .write(new Uint8Array([0, 255]))
        .build();
      const error = yield* assertRejects(mock.writeAll(new Uint8Array([0, 254])), MockError);
      expect(error.message).toContain("[00 fe]");
      expect(error.message).toContain("[00 ff]");
    });
  });

  test("that nobody expects fail", () => {
    runPaused(function* () {
      using empty = ioMock().build();
      const error = yield* assertRejects(empty.writeAll(bytes("x")), MockError);
      expect(error.message).toContain("no more writes");
      using reading = ioMock().read("a").build();
      yield* assertRejects(reading.writeAll(bytes("x")), MockError);
      using short = ioMock().write("a").build();
      yield* assertRejects(short.writeAll(bytes("ab")), MockError);
    });
  });

  test("of nothing are nothing", () => {
    runPaused(function* () {
      using mock = ioMock().build();
      expect(yield* mock.write(new Uint8Array(0))).toBe(0);
    });
  });

  test("throw what the script says", () => {
    runPaused(function* () {
      const error = new Error("broken pipe");
      using mock = ioMock().write("a").writeError(error).write("b").build();
      yield* mock.writeAll(bytes("a"));
      expect(yield* assertRejects(mock.writeAll(bytes("x")))).toBe(error);
      yield* mock.writeAll(bytes("b"));
    });
  });
});

describe("the order", () => {
  test("a read waits until what is before it was written", () => {
    runPaused(function* () {
      using mock = ioMock().write("ping").read("pong").build();
      const log: string[] = [];
      const reader = spawn(function* () {
        log.push(yield* readText(mock));
      });
      yield* yieldNow();
      expect(log).toEqual([]);
      yield* mock.writeAll(bytes("pi"));
      yield* yieldNow();
      expect(log).toEqual([]);
      yield* mock.writeAll(bytes("ng"));
      yield* reader;
      expect(log).toEqual(["pong"]);
    });
  });

  test("a write waits until what is before it was read", () => {
    runPaused(function* () {
      using mock = ioMock().read("question").write("answer").build();
      const [, question] = yield* join(mock.writeAll(bytes("answer")), readText(mock));
      expect(question).toBe("question");
    });
  });

  test("a pause holds up both, on the runtime's clock, from when it is come to", () => {
    runPaused(function* () {
      using mock = ioMock().wait(100).read("a").wait({ seconds: 1 }).write("b").build();
      yield* sleep(5);
      yield* join(readText(mock), mock.writeAll(bytes("b")));
      expect(now()).toBe(1_105);
    });
  });

  test("several who wait through a pause all go on", () => {
    runPaused(function* () {
      using mock = ioMock().wait(100).read("ab").build();
      const reads = join(spawn(readText, mock, 1), spawn(readText, mock, 1));
      expect(yield* reads).toEqual(["a", "b"]);
      expect(now()).toBe(100);
    });
  });

  test("who goes away is not woken, and loses nothing", () => {
    runPaused(function* () {
      using mock = ioMock().write("x").read("ab").build();
      const gone = task(mock.read(new Uint8Array(1)));
      const stays = task(mock.read(new Uint8Array(1)));
      assertPending(gone);
      assertPending(stays.poll());
      gone[Symbol.dispose]();
      yield* mock.writeAll(bytes("x"));
      expect([gone.wakeCount(), stays.wakeCount()]).toEqual([0, 1]);
      assertReady(stays.poll(), 1);
      yield* readText(mock);
    });
  });

  test("a program that waits for the wrong thing is a deadlock that says so", () => {
    const error = thrown(() =>
      runPaused(function* () {
        const mock = ioMock("the server").write("ping").read("pong").build();
        yield* readText(mock);
      }),
    );
    expect(error).toBeInstanceOf(DeadlockError);
    expect(error.message).toContain('a read from the server, with its script: write "ping"');
  });
});

describe("a handle", () => {
  test("adds to the script, and wakes who waits", () => {
    runPaused(function* () {
      const [mock, handle] = ioMock().buildWithHandle();
      const reader = spawn(readText, mock);
      yield* yieldNow();
      handle.read("late").write("answer");
      expect(yield* reader).toBe("late");
      yield* mock.writeAll(bytes("answer"));
      const writer = spawn(mock.writeAll(bytes("more")));
      const end = spawn(mock.readToEnd());
      yield* yieldNow();
      handle
        .write("more")
        .wait(10)
        .read("last")
        .readError(new Error("x"))
        .writeError(new Error("y"));
      yield* writer;
      yield* assertRejects(end);
      yield* assertRejects(mock.writeAll(bytes("z")));
      handle[Symbol.dispose]();
      expect(yield* readText(mock)).toBe("");
      mock[Symbol.dispose]();
    });
  });

  test("the end wakes who waits", () => {
    runPaused(function* () {
      const [mock, handle] = ioMock().buildWithHandle();
      const end = spawn(mock.readToEnd());
      const writer = spawn(mock.writeAll(bytes("x")));
      yield* yieldNow();
      handle[Symbol.dispose]();
      expect((yield* end).length).toBe(0);
      yield* assertRejects(writer);
      mock[Symbol.dispose]();
    });
  });
});

test("a script that was ended is not added to", () => {
  const [mock, handle] = ioMock("server").read("a").buildWithHandle();
  handle[Symbol.dispose]();
  for (const add of [
    () => handle.read("z"),
    () => handle.write("z"),
    () => handle.readError(new Error("z")),
    () => handle.wait(5),
  ])
    expect(thrown(add)).toBeInstanceOf(MockError);
  expect(thrown(() => handle.read("z")).message).toBe(
    'server: read "z" was added after its handle had been disposed, which ends the script',
  );
  expect(thrown(() => mock.assertDone()).message).toContain('read "a"');
});

describe("the end of the script", () => {
  test.each<[string, () => IoMock, string]>([
    ["a read", () => ioMock().read("abc").build(), 'read "abc"'],
    ["a write", () => ioMock().write("abc").build(), 'write "abc"'],
    ["an error", () => ioMock().readError(new Error("x")).build(), "readError"],
    ["several", () => ioMock().read("a").wait(1).writeError(1).build(), 'read "a", writeError'],
  ])("%s that is left fails at the dispose", (_, make, message) => {
    const mock = make();
    expect(thrown(() => mock.assertDone())).toBeInstanceOf(MockError);
    const other = make();
    const error = thrown(() => other[Symbol.dispose]());
    expect(error).toBeInstanceOf(MockError);
    expect(error.message).toContain(message);
    other[Symbol.dispose]();
  });

  test("a part of a read that is left counts", () => {
    expect(
      thrown(() =>
        runPaused(function* () {
          using mock = ioMock().read("abc").build();
          yield* readText(mock, 2);
        }),
      ).message,
    ).toContain('read "c"');
  });

  test("a pause that is left does not", () => {
    ioMock().wait(5).build()[Symbol.dispose]();
  });

  test("a mock that has failed says so again, whoever caught it", () => {
    runPaused(function* () {
      for (const text of ["x", "ab"]) {
        const mock = ioMock().write("a").build();
        let first: unknown;
        try {
          yield* mock.writeAll(bytes(text));
        } catch (error) {
          first = error;
        }
        expect(first).toBeInstanceOf(MockError);
        expect(thrown(() => mock.assertDone())).toBe(first);
        expect(thrown(() => mock.assertDone())).toBe(first);
        mock[Symbol.dispose]();
        const other = ioMock().write("a").read("b").build();
        try {
          yield* other.writeAll(bytes(text));
        } catch {}
        expect(thrown(() => other[Symbol.dispose]()).message).toContain("was written, but");
        other[Symbol.dispose]();
      }
    });
  });

  test("unless the test has expected it", () => {
    runPaused(function* () {
      const mock = ioMock().write("a").read("b").build();
      yield* assertRejects(mock.writeAll(bytes("x")), MockError);
      mock[Symbol.dispose]();
    });
  });

  test("one failure that was expected does not hide the next", () => {
    runPaused(function* () {
      const mock = ioMock().write("a").build();
      yield* assertRejects(mock.writeAll(bytes("x")), MockError);
      let second: unknown;
      try {
        yield* mock.writeAll(bytes("y"));
      } catch (error) {
        second = error;
      }
      expect(thrown(() => mock[Symbol.dispose]())).toBe(second);
    });
  });

  test("after it the mock is refused, and who waited is told", () => {
    runPaused(function* () {
      const [mock] = ioMock().buildWithHandle();
      const reading = task(mock.read(new Uint8Array(1)));
      assertPending(reading.poll());
      mock[Symbol.dispose]();
      expect(reading.isWoken()).toBe(true);
      expect(thrown(() => reading.poll())).toBeInstanceOf(MockError);
      expect(thrown(() => mock.pollWrite({ waker: Waker.noop() }, bytes("x"), {}))).toBeInstanceOf(
        MockError,
      );
    });
  });
});

test("settings are checked at the call", () => {
  for (const call of [
    () => ioMock(""),
    () => ioMock(5 as never),
    () => ioMock().read(5 as never),
    () => ioMock().write(undefined as never),
  ])
    expect(thrown(call)).toBeInstanceOf(InvalidArgumentError);
  expect(thrown(() => ioMock().wait(-1)).name).toBe("DurationError");
  const builder = ioMock();
  builder.build();
  expect(thrown(() => builder.build())).toBeInstanceOf(InvalidArgumentError);
});

test("empty reads and writes are no part of the script", () => {
  const mock = ioMock().read("").write("").build();
  mock[Symbol.dispose]();
});

test("budget: a script of many bytes lets others run", () => {
  runPaused(function* () {
    const builder = ioMock();
    for (let piece = 0; piece < 500; piece++) builder.read("x");
    using mock = builder.build();
    const buffer = new Uint8Array(1);
    let reads = 0;
    let seen = -1;
    const other = spawn(function* () {
      seen = reads;
    });
    while ((yield* mock.read(buffer)) > 0) reads += 1;
    yield* other;
    expect([reads, seen]).toEqual([500, 128]);
    expect(mock.pollRead({ waker: Waker.noop() }, buffer, {})).not.toBe(Pending);
  });
});
