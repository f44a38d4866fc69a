// BlockedLoopError: what needs this thread's event loop, polled while blockOn stops it.

import { BlockedLoopError, fromPromise, future, type JoinError, sleep, spawn } from "tokiwa";
import { lookupHost, TcpListener, TcpStream } from "tokiwa/net";
import { mpsc } from "tokiwa/sync";
import { expect, test } from "vitest";
import { paused, real, settles } from "../support/tasks.js";

function* caught(make: () => Iterable<never>) {
  try {
    yield* make();
  } catch (error) {
    yield* sleep(1);
    return error as Error;
  }
  return undefined;
}

const needs: [string, () => Iterable<never>][] = [
  ["a promise", () => fromPromise(() => Promise.resolve(1)) as never],
  ["an async function as a future", () => future(async () => 1) as never],
  ["TcpListener.bind", () => TcpListener.bind("127.0.0.1:0") as never],
  ["TcpStream.connect", () => TcpStream.connect("127.0.0.1:1") as never],
  ["lookupHost", () => lookupHost("localhost:80") as never],
];

test.each(needs)("%s throws it rather than hang, and says what to do", (_, make) => {
  const error = real().blockOn(caught, make);
  expect(error).toBeInstanceOf(BlockedLoopError);
  expect(error?.message).toContain("event loop");
  expect(error?.message).toContain("run(");
});

test("an async task fails with it, and the others go on", () => {
  const [error, other] = paused().blockOn(function* () {
    const bad = spawn(async () => 1);
    const good = spawn(function* () {
      yield* sleep(5);
      return "good";
    });
    try {
      yield* bad;
    } catch (error) {
      return [error as JoinError, yield* good] as const;
    }
    return [undefined, ""] as const;
  });
  expect(error?.isPanic).toBe(true);
  expect(error?.cause).toBeInstanceOf(BlockedLoopError);
  expect(other).toBe("good");
});

test("the function that would make the promise is not called", () => {
  let calls = 0;
  real().blockOn(
    caught,
    () =>
      fromPromise(() => {
        calls += 1;
        return Promise.resolve();
      }) as never,
  );
  expect(calls).toBe(0);
});

test("a socket that was opened under run throws it when it is polled under blockOn", async () => {
  const rt = real();
  const listener = await settles(rt.run(TcpListener.bind("127.0.0.1:0")));
  expect(rt.blockOn(caught, () => listener.accept() as never)).toBeInstanceOf(BlockedLoopError);
  const client = rt.run(TcpStream.connect(listener.localAddr()));
  const [accepted] = await settles(rt.run(listener.accept()));
  const stream = await settles(client);
  const into = new Uint8Array(1);
  expect(rt.blockOn(caught, () => stream.read(into) as never)).toBeInstanceOf(BlockedLoopError);
  await settles(rt.run(accepted.writeAll(new Uint8Array([7]))));
  expect(await settles(rt.run(stream.read(into)))).toBe(1);
  expect(into[0]).toBe(7);
  for (const open of [stream, accepted, listener]) open[Symbol.dispose]();
});

test("timers, channels and tasks work under blockOn", () => {
  const value = real().blockOn(function* () {
    const [tx, rx] = mpsc.channel<number>(1);
    spawn(function* () {
      yield* sleep(1);
      yield* tx.send(5);
    });
    return yield* rx.recv();
  });
  expect(value).toBe(5);
});

test("once blockOn has returned everything works again", async () => {
  const rt = real();
  rt.blockOn(caught, () => fromPromise(() => Promise.resolve(1)) as never);
  expect(await settles(rt.run(fromPromise(() => Promise.resolve("fine"))))).toBe("fine");
});

test("once blockOn has thrown everything works again", async () => {
  const rt = real();
  expect(() =>
    rt.blockOn(function* () {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(await settles(rt.run(fromPromise(() => Promise.resolve("fine"))))).toBe("fine");
});
