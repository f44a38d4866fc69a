// What the compiler makes of streams. `tsc -p tests` is the test; this file only has to run.

import { PassThrough, type Readable } from "node:stream";
import type { ElapsedError, Future } from "tokiwa";
import { sleep } from "tokiwa";
import {
  BroadcastStream,
  type ChunksTimeout,
  type Closed,
  type Emit,
  fromCoroutine,
  fromNode,
  iter,
  JoinSetStream,
  type Lagged,
  ListenerStream,
  ReceiverStream,
  type Result,
  Stream,
  StreamMap,
  StreamNotifyClose,
  WatchStream,
} from "tokiwa/stream";
import { broadcast, mpsc, watch } from "tokiwa/sync";
import { expect, test } from "vitest";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<A>(_value: A) {
  return { as: <B>(_same: Same<A, B>) => {} };
}

test("types", () => {
  const numbers = iter([1, 2, 3]);
  const mixed = iter<number | string>([1, "a"]);
  is(numbers.map((n) => `${n}`)).as<Stream<string>>(true);
  is(numbers.mapWhile((n) => (n > 1 ? String(n) : undefined))).as<Stream<string>>(true);
  is(numbers.filterMap((n) => (n > 1 ? { n } : undefined))).as<Stream<{ n: number }>>(true);
  is(mixed.filter((x) => typeof x === "string")).as<Stream<string>>(true);
  is(mixed.filter((x): x is number => typeof x === "number")).as<Stream<number>>(true);
  is(mixed.filter((x) => x !== 1)).as<Stream<number | string>>(true);
  is(mixed.takeWhile((x): x is number => typeof x === "number")).as<Stream<number>>(true);
  is(numbers.merge(iter(["a"]))).as<Stream<number | string>>(true);
  is(numbers.chain(iter(["a"]))).as<Stream<number | string>>(true);
  is(
    numbers.andThen(function* (n) {
      yield* sleep(1);
      return `${n}`;
    }),
  ).as<Stream<string>>(true);
  is(numbers.timeout(5)).as<Stream<Result<number, ElapsedError>>>(true);
  is(numbers.timeout(5).unwrap()).as<Stream<number>>(true);
  is(numbers.timeout(5).tryNext()).as<Future<number | undefined>>(true);
  is(numbers.chunksTimeout(2, 5)).as<ChunksTimeout<number>>(true);
  is(numbers.collect()).as<Future<number[]>>(true);
  is(numbers.results().tryCollect()).as<Future<number[]>>(true);
  is(numbers.fold("", (text, n) => text + n)).as<Future<string>>(true);
  // @ts-expect-error: only streams of results can be taken apart.
  void (() => numbers.tryNext());

  const map = new StreamMap<"a" | "b", number>();
  is([...map.keys()]).as<("a" | "b")[]>(true);
  is(map.next()).as<Future<["a" | "b", number] | undefined>>(true);
  // @ts-expect-error: no such key.
  map.insert("c", numbers);

  is(new ReceiverStream(mpsc.channel<string>(1)[1]).next()).as<Future<string | undefined>>(true);
  is(new BroadcastStream(broadcast.channel<string>(1)[1]).next()).as<
    Future<Result<string, Lagged> | undefined>
  >(true);
  is(new BroadcastStream(broadcast.channel<string>(1)[1]).unwrap()).as<Stream<string>>(true);
  is(new WatchStream(watch.channel("a")[1]).next()).as<Future<string | undefined>>(true);
  is(new StreamNotifyClose(numbers).next()).as<Future<number | Closed | undefined>>(true);
  is(
    fromCoroutine<number>(function* (emit) {
      yield* emit(1);
    }),
  ).as<Stream<number>>(true);
  is(
    fromCoroutine<string>(function* (emit, n: number) {
      yield* emit(`${n}`);
    }, 1),
  ).as<Stream<string>>(true);
  function* each<T>(emit: Emit<T>, items: readonly T[]) {
    for (const item of items) yield* emit(item);
  }
  is(fromCoroutine(each, ["a"])).as<Stream<string>>(true);
  function* repeat(emit: Emit<string>, count: number) {
    for (let n = 0; n < count; n++) yield* emit("a");
  }
  is(fromCoroutine(repeat, 1)).as<Stream<string>>(true);
  // @ts-expect-error: an argument of another type.
  void (() => fromCoroutine(repeat, "1"));
  // @ts-expect-error: one argument too few.
  void (() => fromCoroutine(repeat));
  // @ts-expect-error: an item of another type.
  void (() => fromCoroutine<number>(repeat, 1));

  const readable: Readable = numbers.toNode();
  const old: NodeJS.ReadableStream = numbers.toNode();
  void [readable, old];
  is(numbers.toNode()[Symbol.asyncIterator]().next).as<AsyncIterator<number>["next"]>(true);
  void (() => numbers.toNode().pipe(new PassThrough()).pipe(new PassThrough()));
  void JoinSetStream;
  void ListenerStream;
  void fromNode;

  for (const item of [] as Result<number, Lagged>[]) {
    if (item.error === undefined) is(item.value).as<number>(true);
    else is(item.error.skipped).as<number>(true);
  }
  class Own extends Stream<number> {
    override pollNext(): undefined {}
  }
  expect(new Own()).toBeInstanceOf(Stream);
});
