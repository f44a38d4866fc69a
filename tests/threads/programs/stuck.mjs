// Programs, one a name, whose `blockOn` of a runtime with threads waits for what can never come, or seems to.
//
//   node stuck.mjs name

import { isMainThread } from "node:worker_threads";
import { pending, sendable, sleep, spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { Mutex, mpsc, oneshot } from "tokiwa/sync";

const url = import.meta.url;

export const naps = sendable(url, "naps", function* (ms) {
  yield* sleep(ms);
});
/** A chain of tasks whose end nobody here hears of. */
export const goesOn = sendable(url, "goesOn", function* (words, links) {
  yield* sleep(5);
  if (links > 0) spawn(goesOn, words, links - 1);
  else Atomics.store(words, 0, 1);
});
export const answers = sendable(url, "answers", function* (tx) {
  yield* sleep(60);
  yield* tx.send("answer");
});
export const answersAtOnce = sendable(url, "answersAtOnce", () => "yes");

const build = () => Builder.newMultiThread().workerThreads(1).enableAll().build();
const newWords = () => new Int32Array(new SharedArrayBuffer(8));

function report(fn) {
  try {
    console.log("value", fn());
  } catch (error) {
    console.log(error.name);
    console.log(error.message.split("\n").slice(1).join("\n"));
  }
}

const programs = {
  "at-once": (rt) => {
    const kept = [];
    report(() =>
      rt.blockOn(function* program() {
        const [tx, rx] = mpsc.channel(1);
        kept.push(tx);
        yield* rx.recv();
      }),
    );
    console.log("usable", rt.blockOn(rt.spawn(answersAtOnce)));
  },
  "after-its-tasks": (rt) => {
    report(() =>
      rt.blockOn(function* program() {
        yield* spawn(naps, 30);
        spawn(function* waits() {
          yield* pending();
        });
        yield* pending();
      }),
    );
  },
  "after-tasks-of-tasks": (rt) => {
    const words = newWords();
    report(() =>
      rt.blockOn(function* program() {
        yield* spawn(goesOn, words, 30);
        yield* pending();
      }),
    );
    console.log("chain ended", Atomics.load(words, 0));
  },
  "a-local-task-hears-of-it": (rt) => {
    report(() =>
      rt.blockOn(function* () {
        const [tx, rx] = oneshot.channel();
        spawn(function* () {
          yield* spawn(naps, 60);
          tx.send("came");
        });
        return yield* rx;
      }),
    );
  },
  "by-a-shared-channel": (rt) => {
    report(() =>
      rt.blockOn(function* () {
        const [tx, rx] = mpsc.shared(1);
        spawn(answers, tx);
        return yield* rx.recv();
      }),
    );
  },
  "a-timer": (rt) => {
    report(() =>
      rt.blockOn(function* () {
        const mutex = new Mutex(0);
        const guard = yield* mutex.lock();
        spawn(function* () {
          yield* sleep(60);
          guard[Symbol.dispose]();
        });
        const second = yield* mutex.lock();
        second[Symbol.dispose]();
        return "locked";
      }),
    );
  },
};

if (isMainThread) {
  const rt = build();
  programs[process.argv[2]](rt);
  await rt.shutdown();
}
