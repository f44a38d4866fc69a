// What the compiler infers, without an annotation anywhere. Checked by `tsc -p tests`; nothing here runs for long.

import {
  borrow,
  type Context,
  type Coroutine,
  type Future,
  fromPromise,
  future,
  type JoinHandle,
  join,
  main,
  Pending,
  type Poll,
  pending,
  pollFn,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  tryJoin,
  yieldNow,
} from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { mpsc, oneshot } from "tokiwa/sync";
import { taskBuilder, unconstrained, withSignal } from "tokiwa/task";
import { expectTypeOf, test } from "vitest";
import { paused } from "../support/tasks.js";

function* user(id: number) {
  yield* sleep(1);
  return `user ${id}`;
}

function* generic<T>(value: T) {
  yield* yieldNow();
  return value;
}

async function fetched(id: number, { signal }: { signal: AbortSignal }) {
  return { id, aborted: signal.aborted };
}

test("yield* gives the future's own type", () => {
  function* body() {
    expectTypeOf(yield* sleep(1)).toEqualTypeOf<void>();
    expectTypeOf(yield* ready(1)).toEqualTypeOf<number>();
    expectTypeOf(yield* user(1)).toEqualTypeOf<string>();
    expectTypeOf(yield* spawn(user, 1)).toEqualTypeOf<string>();
    expectTypeOf(yield* generic("x")).toEqualTypeOf<string>();
    expectTypeOf(yield* timeout(5, user(1))).toEqualTypeOf<string>();
    expectTypeOf(yield* fromPromise(() => Promise.resolve(5))).toEqualTypeOf<number>();
    return 1;
  }
  expectTypeOf(body()).toExtend<Coroutine<number>>();
  expectTypeOf(future(body)).toEqualTypeOf<Future<number>>();
});

test("constructors of futures", () => {
  expectTypeOf(ready("x")).toEqualTypeOf<Future<string>>();
  expectTypeOf(pending<number>()).toEqualTypeOf<Future<number>>();
  expectTypeOf(pending()).toEqualTypeOf<Future<never>>();
  expectTypeOf(pollFn((_cx: Context) => Pending as Poll<number>)).toEqualTypeOf<Future<number>>();
  expectTypeOf(borrow(ready(true))).toEqualTypeOf<Future<boolean>>();
  expectTypeOf(future(user, 1)).toEqualTypeOf<Future<string>>();
  expectTypeOf(unconstrained(user(1))).toEqualTypeOf<Future<string>>();
  expectTypeOf(withSignal(new AbortController().signal, ready(1))).toEqualTypeOf<Future<number>>();
});

test("join and tryJoin give tuples", () => {
  expectTypeOf(join(ready(1), user(1))).toEqualTypeOf<Future<[number, string]>>();
  expectTypeOf(tryJoin(ready(1), user(1), ready(true))).toEqualTypeOf<
    Future<[number, string, boolean]>
  >();
  const many = [ready(1), ready(2)];
  expectTypeOf(join(...many)).toEqualTypeOf<Future<number[]>>();
});

test("narrowing on select's branch narrows its value", () => {
  const [, rx] = mpsc.channel<number>(1);
  function* body() {
    const winner = yield* select({ data: rx.recv(), name: user(1), stop: sleep(1) });
    switch (winner.branch) {
      case "data":
        expectTypeOf(winner.value).toEqualTypeOf<number | undefined>();
        return;
      case "name":
        expectTypeOf(winner.value).toEqualTypeOf<string>();
        return;
      case "stop":
        expectTypeOf(winner.value).toEqualTypeOf<void>();
        return;
      default:
        expectTypeOf(winner).toEqualTypeOf<never>();
    }
  }
  void body;
});

test("a conditional branch has the type of its future", () => {
  function* body(on: boolean) {
    const winner = yield* select(
      { maybe: on && ready(1), off: undefined, other: on ? ready("x") : undefined },
      { otherwise: () => true },
    );
    if (winner.branch === "maybe") expectTypeOf(winner.value).toEqualTypeOf<number>();
    if (winner.branch === "other") expectTypeOf(winner.value).toEqualTypeOf<string>();
    if (winner.branch === "otherwise") expectTypeOf(winner.value).toEqualTypeOf<boolean>();
  }
  void body;
});

test("spawn types its four forms, and refuses wrong arguments", () => {
  function check(rt: Runtime) {
    expectTypeOf(spawn(user, 1)).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(
      spawn(function* () {
        return yield* ready(1);
      }),
    ).toEqualTypeOf<JoinHandle<number>>();
    expectTypeOf(spawn(async ({ signal }) => signal.aborted)).toEqualTypeOf<JoinHandle<boolean>>();
    expectTypeOf(spawn(fetched, 1)).toEqualTypeOf<JoinHandle<{ id: number; aborted: boolean }>>();
    expectTypeOf(spawn(ready(1))).toEqualTypeOf<JoinHandle<number>>();
    expectTypeOf(spawn(user(1))).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(rt.spawn(user, 1)).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(taskBuilder({ name: "n" }).spawn(user, 1)).toEqualTypeOf<JoinHandle<string>>();
    // @ts-expect-error a string is no number
    spawn(user, "1");
    // @ts-expect-error an argument is missing
    spawn(user);
    // @ts-expect-error one argument too many
    spawn(user, 1, 2);
    // @ts-expect-error a promise is no future
    spawn(Promise.resolve(1));
  }
  void check;
});

test("run, blockOn and main give the program's value", () => {
  function check(rt: Runtime) {
    expectTypeOf(rt.run(user, 1)).toEqualTypeOf<Promise<string>>();
    expectTypeOf(rt.run(fetched, 1)).toEqualTypeOf<Promise<{ id: number; aborted: boolean }>>();
    expectTypeOf(rt.run(ready(1))).toEqualTypeOf<Promise<number>>();
    expectTypeOf(rt.blockOn(user, 1)).toEqualTypeOf<string>();
    expectTypeOf(rt.blockOn(ready(true))).toEqualTypeOf<boolean>();
    expectTypeOf(
      main(function* () {
        return yield* ready(1);
      }),
    ).toEqualTypeOf<Promise<number>>();
    expectTypeOf(main(async () => "x")).toEqualTypeOf<Promise<string>>();
    expectTypeOf(main({ rngSeed: 1 }, async () => "x")).toEqualTypeOf<Promise<string>>();
    // @ts-expect-error an async function cannot be blocked on
    rt.blockOn(async () => 1);
  }
  void check;
});

test("await gives the future's type", () => {
  async function check() {
    expectTypeOf(await ready(1)).toEqualTypeOf<number>();
    expectTypeOf(await spawn(user, 1)).toEqualTypeOf<string>();
    expectTypeOf(await join(ready(1), user(1))).toEqualTypeOf<[number, string]>();
    const [, rx] = oneshot.channel<Date>();
    expectTypeOf(await rx).toEqualTypeOf<Date>();
  }
  void check;
});

test("a stray yield of a value does not compile as a coroutine", () => {
  function* stray() {
    yield 5;
    return 1;
  }
  function check() {
    // @ts-expect-error what is yielded is no suspension
    spawn(stray);
    // @ts-expect-error nor as a future
    future(stray);
  }
  void check;
  void paused;
});
