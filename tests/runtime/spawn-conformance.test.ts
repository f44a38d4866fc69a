// Tokio's rt_common on current_thread, what concerns spawning: the names are Tokio's.

import { JoinError, sleep, spawn, yieldNow } from "tokiwa";
import { mpsc, oneshot } from "tokiwa/sync";
import { expect, test } from "vitest";
import { paused, rejection, settles } from "../support/tasks.js";

const ITER = 200;

test("spawn_one_bg", () => {
  const out = paused().blockOn(function* () {
    const [tx, rx] = oneshot.channel<string>();
    spawn(function* () {
      tx.send("ZOMG");
    });
    return yield* rx;
  });
  expect(out).toBe("ZOMG");
});

test("spawn_one_join", () => {
  const out = paused().blockOn(function* () {
    const [tx, rx] = oneshot.channel<string>();
    const handle = spawn(function* () {
      tx.send("ZOMG");
      return "DONE";
    });
    const message = yield* rx;
    return [message, yield* handle];
  });
  expect(out).toEqual(["ZOMG", "DONE"]);
});

test("spawn_two", () => {
  const out = paused().blockOn(function* () {
    const [tx1, rx1] = oneshot.channel<string>();
    const [tx2, rx2] = oneshot.channel<string>();
    spawn(function* () {
      tx1.send("ZOMG");
    });
    spawn(function* () {
      tx2.send(yield* rx1);
    });
    return yield* rx2;
  });
  expect(out).toBe("ZOMG");
});

function* relay(tx: mpsc.UnboundedSender<number>, value: number) {
  using own = tx;
  const [intoTx, intoRx] = oneshot.channel<number>();
  spawn(function* () {
    intoTx.send(value);
  });
  yield* yieldNow();
  own.send((yield* intoRx) + 1);
}

function* collect(rx: mpsc.Receiver<number>) {
  const out: number[] = [];
  for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) out.push(value);
  return out.sort((a, b) => a - b);
}

function* spawnMany() {
  const [tx, rx] = mpsc.unbounded<number>();
  for (let value = 0; value < ITER; value++) spawn(relay, tx.clone(), value);
  tx[Symbol.dispose]();
  return yield* collect(rx);
}

const RELAYED = Array.from({ length: ITER }, (_, value) => value + 1);

test("spawn_many_from_block_on", () => {
  expect(paused().blockOn(spawnMany)).toEqual(RELAYED);
});

test("spawn_many_from_task", () => {
  const out = paused().blockOn(function* () {
    return yield* spawn(spawnMany);
  });
  expect(out).toEqual(RELAYED);
});

test("spawn_await_chain", () => {
  const out = paused().blockOn(function* () {
    return yield* spawn(function* () {
      return yield* spawn(function* () {
        return "hello";
      });
    });
  });
  expect(out).toBe("hello");
});

test("a chain of a thousand tasks, each spawning the next", () => {
  function* chain(depth: number): Generator<never, number> {
    if (depth === 0) return 0;
    return (yield* spawn(chain, depth - 1) as never as Generator<never, number>) + 1;
  }
  expect(paused().blockOn(chain, 1_000)).toBe(1_000);
});

test("panic_in_task", async () => {
  const rt = paused();
  const handle = rt.spawn(function* () {
    throw new Error("panic_in_task");
  });
  const error = (await settles(rejection(handle))) as JoinError;
  expect(error).toBeInstanceOf(JoinError);
  expect(error.isPanic).toBe(true);
  expect(rt.blockOn(spawnMany)).toEqual(RELAYED);
});

test("yield_once", () => {
  const out = paused().blockOn(function* () {
    yield* yieldNow();
    return "once";
  });
  expect(out).toBe("once");
});

test("enter_and_spawn", () => {
  const rt = paused();
  const handle = (() => {
    using _entered = rt.enter();
    return spawn(function* () {
      return "entered";
    });
  })();
  expect(rt.blockOn(handle)).toBe("entered");
});

test("sleep_at_root", () => {
  const rt = paused();
  rt.blockOn(sleep(50));
  expect(rt.metrics().numTimers()).toBe(0);
});

test("sleep_in_spawn", () => {
  const out = paused().blockOn(function* () {
    const [tx, rx] = oneshot.channel<string>();
    spawn(function* () {
      yield* sleep(50);
      tx.send("slept");
    });
    return yield* rx;
  });
  expect(out).toBe("slept");
});

test("always_active_parker: two runs of one runtime drive each other", async () => {
  const rt = paused();
  const [tx1, rx1] = oneshot.channel<string>();
  const [tx2, rx2] = oneshot.channel<string>();
  const first = rt.run(function* () {
    const value = yield* rx2;
    yield* sleep(5);
    tx1.send("from the first");
    return value;
  });
  const second = rt.run(function* () {
    tx2.send("from the second");
    yield* sleep(5);
    const value = yield* rx1;
    yield* sleep(5);
    return value;
  });
  expect(await settles(Promise.all([first, second]))).toEqual([
    "from the second",
    "from the first",
  ]);
});
