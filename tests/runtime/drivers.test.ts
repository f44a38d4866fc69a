// DriverDisabledError: a timer or a socket where the builder enabled none.

import { interval, ready, sleep, sleepUntil, timeout, yieldNow } from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { Builder, DriverDisabledError, InvalidArgumentError } from "tokiwa/runtime";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { rejection, settles, thrown } from "../support/tasks.js";

function bare() {
  return Builder.newCurrentThread().build();
}

test.each([
  ["sleep", () => sleep(1)],
  ["sleepUntil", () => sleepUntil(Instant.now())],
  ["timeout", () => timeout(1, ready(1))],
  ["interval", () => interval(1)],
])("%s without timers is refused at the call, in Tokio's words", (_, make) => {
  const error = bare().blockOn(function* () {
    return thrown(make);
  });
  expect(error).toBeInstanceOf(DriverDisabledError);
  expect(error.message).toContain(
    "context was found, but timers are disabled. Call `enableTime()`",
  );
  expect(error.message).toContain("enableAll()");
});

test.each([
  ["bind", () => TcpListener.bind("127.0.0.1:0")],
  ["connect", () => TcpStream.connect("127.0.0.1:1")],
])("%s without IO is refused, in Tokio's words", async (_, make) => {
  const error = await settles(
    rejection(
      bare().run(function* () {
        yield* make() as ReturnType<typeof TcpListener.bind>;
      }),
    ),
  );
  expect(error).toBeInstanceOf(DriverDisabledError);
  expect(error.message).toContain("context was found, but IO is disabled. Call `enableIo()`");
});

test("a sleep made outside of every runtime is refused by one without timers at its first poll", () => {
  const nap = sleep(1);
  expect(thrown(() => bare().blockOn(nap))).toBeInstanceOf(DriverDisabledError);
});

test("tasks, channels and yields need no driver", () => {
  const rt = bare();
  expect(
    rt.blockOn(function* () {
      yield* yieldNow();
      return "fine";
    }),
  ).toBe("fine");
});

test("each enable method enables its driver and no other", async () => {
  const time = Builder.newCurrentThread().enableTime().build();
  expect(time.blockOn(sleep(0))).toBe(undefined);
  expect(await settles(rejection(time.run(TcpListener.bind("127.0.0.1:0"))))).toBeInstanceOf(
    DriverDisabledError,
  );
  const io = Builder.newCurrentThread().enableIo().build();
  const listener = await settles(io.run(TcpListener.bind("127.0.0.1:0")));
  listener[Symbol.dispose]();
  using _entered = io.enter();
  expect(thrown(() => sleep(1))).toBeInstanceOf(DriverDisabledError);
});

test("startPaused without timers is refused by build", () => {
  const error = thrown(() => Builder.newCurrentThread().startPaused(true).build());
  expect(error).toBeInstanceOf(InvalidArgumentError);
  expect((error as InvalidArgumentError).argument).toContain("startPaused");
  expect((error as InvalidArgumentError).allowed).toContain("enableTime()");
  expect(() => Builder.newCurrentThread().startPaused(false).build()).not.toThrow();
});
