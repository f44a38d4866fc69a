// Random producers, aborts and closes over two to eight tasks of a runtime: every value arrives once or comes back, in the
// order of its sender.

import fc from "fast-check";
import { ElapsedError, type JoinHandle, select, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { mpsc, type SendError } from "tokiwa/sync";
import { expect, test } from "vitest";
import { runPaused } from "../support/time.js";

interface Producer {
  readonly kind: "send" | "reserve" | "many" | "timeout" | "try";
  readonly values: number;
  readonly pause: number;
  /** The moment at which the task is aborted. */
  readonly abortAt: number | undefined;
}

interface Program {
  readonly capacity: number;
  readonly producers: readonly Producer[];
  readonly receive: "recv" | "many" | "select" | "timeout";
  readonly pause: number;
  /** The moment at which the receiver closes. */
  readonly closeAt: number | undefined;
}

interface Sent {
  readonly accepted: number[];
  readonly refused: number[];
}

const moment = fc.option(fc.nat(60), { nil: undefined, freq: 3 });

const program: fc.Arbitrary<Program> = fc.record({
  capacity: fc.integer({ min: 1, max: 5 }),
  producers: fc.array(
    fc.record({
      kind: fc.constantFrom("send", "reserve", "many", "timeout", "try"),
      values: fc.nat(25),
      pause: fc.nat(3),
      abortAt: moment,
    }),
    { minLength: 1, maxLength: 7 },
  ),
  receive: fc.constantFrom("recv", "many", "select", "timeout"),
  pause: fc.nat(2),
  closeAt: moment,
});

/** A value names its producer and its number there. */
function nameOf(producer: number, number: number): number {
  return producer * 1000 + number;
}

/** Records a value as accepted just when it is: an abort between the two would be the test's mistake, not the channel's. */
function* sendOne(tx: mpsc.Sender<number>, kind: Producer["kind"], value: number, sent: Sent) {
  if (kind === "send") yield* tx.send(value);
  else if (kind === "timeout") yield* timeout(2, tx.send(value));
  else if (kind === "try") tx.trySend(value);
  else if (kind === "reserve") {
    using permit = yield* tx.reserve();
    yield* yieldNow();
    permit.send(value);
  } else {
    using permits = yield* tx.reserveMany(Math.min(2, tx.maxCapacity()));
    yield* yieldNow();
    (permits.take() as mpsc.Permit<number>).send(value);
  }
  sent.accepted.push(value);
}

function* produce(tx: mpsc.Sender<number>, id: number, producer: Producer, sent: Sent) {
  using _close = tx;
  for (let number = 0; number < producer.values; number++) {
    const value = nameOf(id, number);
    try {
      yield* sendOne(tx, producer.kind, value, sent);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      sent.refused.push(value);
    }
    if (producer.pause > 0) yield* sleep(producer.pause);
  }
}

function* receiveSome(rx: mpsc.Receiver<number>, how: Program["receive"]) {
  if (how === "many") return yield* rx.recvMany(3);
  if (how === "select") {
    const winner = yield* select({ value: rx.recv(), tick: sleep(1) });
    if (winner.branch === "tick") return undefined;
    return winner.value === undefined ? [] : [winner.value];
  }
  try {
    const value = yield* how === "timeout" ? timeout(1, rx.recv()) : rx.recv();
    return value === undefined ? [] : [value];
  } catch (error) {
    if (error instanceof ElapsedError) return undefined;
    throw error;
  }
}

/** Everything until the end; an empty answer is the end, undefined only a turn without a value. */
function* consume(rx: mpsc.Receiver<number>, program: Program, received: number[]) {
  for (;;) {
    const values = yield* receiveSome(rx, program.receive);
    if (values?.length === 0) return;
    if (values !== undefined) received.push(...values);
    if (program.pause > 0) yield* sleep(program.pause);
  }
}

function* abortAt(handle: JoinHandle<unknown>, moment: number) {
  yield* sleep(moment);
  handle.abort();
}

function* run(program: Program) {
  const [tx, rx] = mpsc.channel<number>(program.capacity);
  const probe = tx.downgrade();
  const sent: Sent = { accepted: [], refused: [] };
  const received: number[] = [];
  const consumer = spawn(consume, rx, program, received);
  for (const [id, producer] of program.producers.entries()) {
    const handle = spawn(produce, tx.clone(), id, producer, sent);
    // One that is aborted before its first poll has not reached its `using`: its turn comes first.
    if (producer.abortAt !== undefined) spawn(abortAt, handle, 1 + producer.abortAt);
  }
  tx.close();
  if (program.closeAt !== undefined) {
    yield* sleep(program.closeAt);
    rx.close();
  }
  yield* consumer;
  yield* sleep(10_000);
  return { sent, received, rx, strong: probe.strongCount() };
}

test("no value is lost, none comes twice, each sender's are in order, and the room comes back", () => {
  fc.assert(
    fc.property(program, (program) => {
      const { sent, received, rx, strong } = runPaused(function* () {
        return yield* run(program);
      });
      expect([...received].sort()).toEqual([...sent.accepted].sort());
      expect(new Set(received).size).toBe(received.length);
      for (const id of program.producers.keys()) {
        const own = received.filter((value) => Math.floor(value / 1000) === id);
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
      expect(sent.refused.filter((value) => received.includes(value))).toEqual([]);
      expect([rx.len(), rx.capacity(), rx.isClosed(), strong]).toEqual([
        0,
        program.capacity,
        true,
        0,
      ]);
    }),
    { numRuns: 120 },
  );
});

test("without aborts and closes every value arrives", () => {
  fc.assert(
    fc.property(program, (program) => {
      const producers = program.producers.map((producer) => ({
        ...producer,
        kind: producer.kind === "try" || producer.kind === "timeout" ? "send" : producer.kind,
        abortAt: undefined,
      }));
      const total = producers.reduce((sum, producer) => sum + producer.values, 0);
      const { received, sent } = runPaused(function* () {
        return yield* run({ ...program, producers, closeAt: undefined } as Program);
      });
      expect([received.length, sent.refused.length]).toEqual([total, 0]);
    }),
    { numRuns: 60 },
  );
});

test("a send that is refused gives its value back, and the value has not arrived", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.channel<number>(2);
    const refused: number[] = [];
    const handles = Array.from({ length: 8 }, (_, id) =>
      spawn(function* () {
        try {
          yield* tx.send(id);
        } catch (error) {
          refused.push((error as SendError<number>).value);
        }
      }),
    );
    yield* yieldNow();
    rx.close();
    for (const handle of handles) yield* handle;
    expect(yield* rx.recvMany(10)).toEqual([0, 1]);
    expect(refused).toEqual([2, 3, 4, 5, 6, 7]);
  });
});
