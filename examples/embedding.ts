// Embedding: a program with a loop of its own, here that of a game, gives the runtime one bounded turn a frame.
// Between two calls of `tick` no task runs, so the frame may use what the tasks change without any lock.
//
//   node examples/run.mjs embedding

import { setTimeout as nextFrame } from "node:timers/promises";
import { sleep, spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { Notify } from "tokiwa/sync";

const FRAME_MS = 16;

class World {
  hero = 0;
  guard = 6;
  readonly log: string[] = [];
  readonly bell = new Notify();
}

// A character's behaviour over time is a coroutine: straight-line code in place of a state machine.

function* guard(world: World) {
  for (;;) {
    for (const step of [1, 1, -1, -1]) {
      yield* sleep(20);
      world.guard += step;
    }
  }
}

function* hero(world: World) {
  const watch = spawn(guard, world);
  for (; world.hero < 4; world.hero++) yield* sleep(30);
  world.log.push("the hero waits at the gate");
  yield* world.bell.notified();
  world.log.push("the bell rings, the guard goes home");
  watch.abort();
  for (; world.hero < 10; world.hero++) yield* sleep(20);
  world.log.push("the hero is through");
}

function* ringer(world: World) {
  yield* sleep(300);
  world.bell.notifyOne();
}

const runtime = Builder.newCurrentThread().enableTime().build();
const world = new World();
const story = runtime.spawn(hero, world);
runtime.spawn(ringer, world);

let frames = 0;
for (; !story.isFinished(); frames++) {
  // Every task that is ready and every timer that is due, up to `eventInterval` polls: then the frame is ours again.
  // It tells whether more is `ready`, and `nextTimerMs`: how long a loop that need not draw could sleep.
  runtime.tick();
  draw(world);
  await nextFrame(FRAME_MS);
}

console.log(`${frames} frames, a turn of the runtime in each`);
await runtime.shutdown();

function draw({ log, hero, guard }: World): void {
  for (const line of log.splice(0)) {
    const field = Array.from({ length: 11 }, (_, x) =>
      x === hero ? "h" : x === guard ? "g" : ".",
    );
    console.log(`${field.join("")}  ${line}`);
  }
}
