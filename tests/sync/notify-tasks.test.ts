// Random tasks on Notify and oneshot, with aborts: no notification and no reply is lost, none is seen twice.

import fc from "fast-check";
import { type JoinHandle, select, sleep, spawn, yieldNow } from "tokiwa";
import { Notify, oneshot } from "tokiwa/sync";
import { expect, test } from "vitest";
import { runPaused } from "../support/time.js";

interface Waiting {
  /** How often it waits. */
  readonly rounds: number;
  readonly pause: number;
  /** It gives up a wait after so long and tries again. */
  readonly patience: number | undefined;
  readonly abortAt: number | undefined;
}

const moment = fc.option(fc.nat(40), { nil: undefined });

const tasks = fc.array(
  fc.record({ rounds: fc.nat(10), pause: fc.nat(3), patience: moment, abortAt: moment }),
  { minLength: 2, maxLength: 8 },
);

function* abortAfter(handle: JoinHandle<unknown>, ms: number) {
  yield* sleep(ms);
  handle.abort();
}

test("every notifyOne is seen by one task, or stored", () => {
  const waits = fc.array(fc.nat(3), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(tasks, waits, fc.boolean(), (tasks, waits, useLast) => {
      runPaused(function* () {
        const notify = new Notify();
        let seen = 0;
        function* waiter(task: Waiting) {
          for (let round = 0; round < task.rounds; ) {
            const patience = task.patience !== undefined && sleep(1 + task.patience);
            const winner = yield* select({ notified: notify.notified(), patience });
            if (winner.branch !== "notified") continue;
            seen += 1;
            round += 1;
            if (task.pause > 0) yield* sleep(task.pause);
          }
        }
        const handles = tasks.map((task) => {
          const handle = spawn(waiter, task);
          if (task.abortAt !== undefined) spawn(abortAfter, handle, task.abortAt);
          return handle;
        });
        let given = 0;
        for (const ms of waits) {
          if (useLast && ms === 0) notify.notifyLast();
          else notify.notifyOne();
          given += 1;
          // Until it has been seen, or it stands there as the stored permit that nobody is left to take.
          for (let turns = 0; turns < 60 && seen < given; turns++) yield* sleep(1);
          if (seen < given) break;
          expect(seen).toBe(given);
          if (ms > 0) yield* sleep(ms);
        }
        for (const handle of handles) handle.abort();
        yield* sleep(1);
        const stored = yield* select({ notified: notify.notified(), none: sleep(1) });
        expect(seen + (stored.branch === "notified" ? 1 : 0)).toBe(given);
        const more = yield* select({ notified: notify.notified(), none: sleep(1) });
        expect(more.branch).toBe("none");
      });
    }),
    { numRuns: 100 },
  );
});

test("every reply arrives once, or comes back to who sent it", () => {
  fc.assert(
    fc.property(tasks, (tasks) => {
      runPaused(function* () {
        const arrived: number[] = [];
        const returned: number[] = [];
        const lost: number[] = [];
        let replies = 0;
        function* server(tx: oneshot.Sender<number>, reply: number, ms: number) {
          using sender = tx;
          yield* sleep(ms);
          replies += 1;
          try {
            sender.send(reply);
          } catch (error) {
            returned.push((error as { value: number }).value);
          }
        }
        function* client(id: number, task: Waiting) {
          for (let round = 0; round < task.rounds; round++) {
            const reply = id * 100 + round;
            const [tx, rx] = oneshot.channel<number>();
            using receiver = rx;
            spawn(server, tx, reply, task.pause);
            const patience = task.patience !== undefined && sleep(task.patience % 4);
            const winner = yield* select({ reply: receiver, patience }, { biased: true });
            if (winner.branch === "reply") arrived.push(winner.value as number);
            else lost.push(reply);
          }
        }
        for (const [id, task] of tasks.entries()) {
          const handle = spawn(client, id, task);
          if (task.abortAt !== undefined) spawn(abortAfter, handle, task.abortAt);
        }
        yield* sleep(10_000);
        yield* yieldNow();
        expect(new Set(arrived).size).toBe(arrived.length);
        expect(arrived.filter((reply) => returned.includes(reply))).toEqual([]);
        expect(lost.filter((reply) => arrived.includes(reply))).toEqual([]);
        // A client that is aborted between send and receive drops the reply with its receiver: one at most each.
        const aborted = tasks.filter((task) => task.abortAt !== undefined).length;
        const dropped = replies - arrived.length - returned.length;
        expect(dropped).toBeGreaterThanOrEqual(0);
        expect(dropped).toBeLessThanOrEqual(aborted);
      });
    }),
    { numRuns: 100 },
  );
});
