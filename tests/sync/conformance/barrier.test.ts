// Barrier: the cases of Tokio's sync_barrier.rs, under their names.

import { spawn, yieldNow } from "tokiwa";
import { expect } from "vitest";
import { drop, failing, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

interface Result {
  readonly isLeader: boolean;
}

conformance((test) => {
  test("zero_does_not_block", function* (form) {
    const barrier = form.barrier(0);
    for (let round = 0; round < 2; round++) expect(readyNow(barrier.wait()).isLeader).toBe(true);
  });

  test("single", function* (form) {
    const barrier = form.barrier(1);
    for (let round = 0; round < 3; round++) expect(readyNow(barrier.wait()).isLeader).toBe(true);
  });

  test("tango", function* (form) {
    const barrier = form.barrier(2);
    const first = waiting(barrier.wait());
    const second = readyNow(barrier.wait());
    yield* form.settle();
    expect(first.isWoken).toBe(true);
    const leaders = [first.poll() as Result, second].filter((result) => result.isLeader);
    expect(leaders.length).toBe(1);
  });

  test("lots", function* (form) {
    const barrier = form.barrier(100);
    for (let round = 0; round < 10; round++) {
      const waits = upTo(99).map(() => waiting(barrier.wait()));
      for (const wait of waits) expect(wait.isPending()).toBe(true);
      const last = readyNow(barrier.wait());
      yield* form.settle();
      expect(waits.every((wait) => wait.isWoken)).toBe(true);
      const results = [last, ...waits.map((wait) => wait.poll() as Result)];
      expect(results.filter((result) => result.isLeader).length).toBe(1);
    }
  });

  test("the last to come is the leader", function* (form) {
    const barrier = form.barrier(3);
    const waits = [waiting(barrier.wait()), waiting(barrier.wait())];
    expect(readyNow(barrier.wait()).isLeader).toBe(true);
    expect(waits.map((wait) => (wait.poll() as Result).isLeader)).toEqual([false, false]);
  });

  test("a wait that was never polled does not count", function* (form) {
    const barrier = form.barrier(2);
    drop(barrier.wait());
    waiting(barrier.wait());
    expect(readyNow(barrier.wait()).isLeader).toBe(true);
  });

  test("the next round begins with who comes next, read or not", function* (form) {
    const barrier = form.barrier(2);
    const first = waiting(barrier.wait());
    readyNow(barrier.wait());
    const next = waiting(barrier.wait());
    expect((first.poll() as Result).isLeader).toBe(false);
    expect(next.isPending()).toBe(true);
    readyNow(barrier.wait());
    expect((next.poll() as Result).isLeader).toBe(false);
  });

  test("the waker of the last poll counts", function* (form) {
    const barrier = form.barrier(2);
    const wait = barrier.wait();
    const before = waiting(wait);
    const after = waiting(wait);
    readyNow(barrier.wait());
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    after.poll();
  });

  test("polled after completion", function* (form) {
    const barrier = form.barrier(1);
    const wait = barrier.wait();
    readyNow(wait);
    expect(failing(wait)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test("a count that is none is refused", function* (form) {
    for (const count of [-1, 0.5, Number.NaN])
      expect(thrownBy(() => form.barrier(count))).toMatchObject({ name: "CapacityError" });
  });

  test("tasks meet round after round, one leader each", function* (form) {
    const barrier = form.barrier(5);
    const rounds = upTo(20);
    const arrived = rounds.map(() => 0);
    const leaders = rounds.map(() => 0);
    const tasks = upTo(5).map((index) =>
      spawn(function* () {
        for (const round of rounds) {
          if ((index + round) % 3 === 0) yield* yieldNow();
          arrived[round] = (arrived[round] as number) + 1;
          const { isLeader } = yield* barrier.wait();
          expect(arrived[round]).toBe(5);
          if (isLeader) leaders[round] = (leaders[round] as number) + 1;
        }
      }),
    );
    for (const task of tasks) yield* task;
    expect(leaders).toEqual(rounds.map(() => 1));
  });

  test(
    "is cooperative",
    function* (form) {
      const barrier = form.barrier(1);
      const other = spawn(function* () {
        yield* yieldNow();
        return "had its turn";
      });
      for (let round = 0; !other.isFinished(); round++) {
        if (round > 10_000) throw new Error("nobody else had a turn");
        yield* barrier.wait();
      }
      expect(yield* other).toBe("had its turn");
    },
    { budgeted: true },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("tasks of all threads meet, one leader a round", function* (form) {
    const barrier = form.barrier(4);
    const tasks = upTo(3).map(() => spawn(partners.meets, barrier, 40));
    let leads = (yield* partners.meets(barrier, 40)) as number;
    for (const task of tasks) leads += (yield* task) as number;
    expect(leads).toBe(40);
  });

  test.partnered("who comes last leads, on whichever thread", function* (form) {
    const barrier = form.barrier(3);
    const here = waiting(barrier.wait());
    const tasks = upTo(2).map(() => spawn(partners.comes, barrier));
    const leads = [];
    for (const task of tasks) leads.push(yield* task);
    expect(leads.sort()).toEqual([false, true]);
    while (!here.isWoken) yield* yieldNow();
    expect(here.poll()).toEqual({ isLeader: false });
  });

  test.partnered("rounds of two threads do not mix", function* (form) {
    const [there, back] = [form.barrier(2), form.barrier(2)];
    const partner = spawn(partners.meetsInTurn, there, back, 50);
    let leads = 0;
    for (let round = 0; round < 50; round++)
      for (const barrier of [there, back]) if ((yield* barrier.wait()).isLeader) leads += 1;
    expect(leads + ((yield* partner) as number)).toBe(100);
  });

  test.absent("barrier_future_is_send", "futures stay on their thread");
});
