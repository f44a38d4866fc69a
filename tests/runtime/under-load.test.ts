// Tokio's rt_common under load: nobody is starved, by tasks that are always ready, that yield, or that ping and pong.

import { type JoinHandle, Pending, pollFn, sleep, spawn, yieldNow } from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { mpsc } from "tokiwa/sync";
import { consumeBudget, unconstrained } from "tokiwa/task";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { PATIENCE_MS } from "../support/patience.js";
import { paused, real, settles } from "../support/tasks.js";

/** A loop that would never end, had it not a limit that makes the test fail instead of hanging. */
class Endless {
  ended = false;
  gaveUp = false;
  rounds = 0;
  private readonly start = Instant.now();
  goesOn(): boolean {
    this.rounds += 1;
    if (this.rounds % 1_024 === 0 && this.start.elapsed() > PATIENCE_MS) this.gaveUp = true;
    return !this.ended && !this.gaveUp;
  }
}

function* yieldsOn(endless: Endless) {
  while (endless.goesOn()) yield* yieldNow();
}

function* spendsOn(endless: Endless) {
  while (endless.goesOn()) yield* consumeBudget();
}

function* respawns(endless: Endless): Generator<never, void> {
  if (endless.goesOn()) spawn(respawns, endless);
}

const loads = [
  ["a task that yields for ever", yieldsOn],
  ["a task that spends its budget for ever", spendsOn],
  ["tasks that spawn themselves for ever", respawns],
] as const;

test.each(loads)("complete_block_on_under_load: %s", (_, load) => {
  const endless = new Endless();
  real().blockOn(function* () {
    spawn(load as typeof yieldsOn, endless);
    yield* sleep(3);
    endless.ended = true;
  });
  expect(endless.gaveUp).toBe(false);
});

test.each(loads)("complete_task_under_load: %s", async (_, load) => {
  const endless = new Endless();
  const rt = real();
  rt.spawn(load as typeof yieldsOn, endless);
  const handle = rt.spawn(sleep(3));
  await settles(handle);
  endless.ended = true;
  expect(endless.gaveUp).toBe(false);
});

test.each([
  ["yield_defers_until_park", yieldsOn],
  ["coop_yield_defers_until_park", spendsOn],
] as const)("%s: sockets are served while a task gives way over and over", async (_, load) => {
  const endless = new Endless();
  const text = await settles(
    real().run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const loading = spawn(load, endless);
      const client = spawn(function* () {
        using stream = yield* TcpStream.connect(listener.localAddr());
        yield* stream.writeAll(new TextEncoder().encode("hello"));
        yield* stream.shutdown();
      });
      const [socket] = yield* listener.accept();
      using accepted = socket;
      const bytes = yield* accepted.readToEnd();
      yield* client;
      endless.ended = true;
      yield* loading;
      return new TextDecoder().decode(bytes);
    }),
  );
  expect(text).toBe("hello");
  expect(endless.gaveUp).toBe(false);
});

test("coop: one poll does not see a thousand tasks that have ended", () => {
  const yielded = paused().blockOn(function* () {
    const handles = Array.from({ length: 1_000 }, () => spawn(function* () {}));
    yield* sleep(1);
    return yield* pollFn((cx) => handles.some((handle) => handle.poll(cx) === Pending));
  });
  expect(yielded).toBe(true);
});

test("coop_unconstrained: unconstrained it sees them all", () => {
  const yielded = paused().blockOn(function* () {
    const handles = Array.from({ length: 1_000 }, () => spawn(function* () {}));
    yield* sleep(1);
    return yield* unconstrained(
      pollFn((cx) => handles.some((handle) => handle.poll(cx) === Pending)),
    );
  });
  expect(yielded).toBe(false);
});

test("coop_consume_budget", () => {
  const consumed = paused().blockOn(function* () {
    let consumed = 0;
    yield* yieldNow();
    yield* spawn(
      pollFn((cx) => {
        for (let round = 0; round < 1_000; round++) {
          if (consumeBudget().poll(cx) === Pending) return;
          consumed += 1;
        }
      }),
    );
    return consumed;
  });
  expect(consumed).toBe(128);
});

test("ping_pong_saturation: pairs that wake each other do not starve a task that comes late", () => {
  const NUM = 100;
  function* pingPong(rounds: () => boolean) {
    const [tx1, rx1] = mpsc.channel<null>(1);
    const [tx2, rx2] = mpsc.channel<null>(1);
    const ponger = spawn(function* () {
      using _tx = tx2;
      while ((yield* rx1.recv()) !== undefined) yield* tx2.send(null);
    });
    while (rounds()) {
      yield* tx1.send(null);
      yield* rx2.recv();
    }
    tx1[Symbol.dispose]();
    yield* ponger;
  }
  const endless = new Endless();
  const late = real().blockOn(function* () {
    const pairs: JoinHandle<void>[] = [];
    for (let pair = 0; pair < NUM; pair++) pairs.push(spawn(pingPong, () => endless.goesOn()));
    yield* sleep(1);
    const late = yield* spawn(function* () {
      yield* sleep(1);
      return "late";
    });
    endless.ended = true;
    for (const pair of pairs) yield* pair;
    return late;
  });
  expect(late).toBe("late");
  expect(endless.gaveUp).toBe(false);
});

test("every task that is ready is polled within a bounded number of polls", () => {
  const polls: number[] = [];
  const rt = paused();
  rt.blockOn(function* () {
    for (let index = 0; index < 50; index++)
      spawn(function* () {
        for (let round = 0; round < 20; round++) {
          polls.push(index);
          yield* yieldNow();
        }
      });
    yield* sleep(1);
  });
  for (let round = 0; round < 20; round++)
    expect(new Set(polls.slice(round * 50, round * 50 + 50)).size).toBe(50);
});
