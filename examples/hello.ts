// Hello: coroutines, laziness, tasks, and waiting for several things at once.
//
//   node examples/run.mjs hello

import { join, main, sleep, spawn } from "tokiwa";

/** What `async fn` is in Rust: calling it does nothing yet. */
function* greet(name: string, afterMs: number) {
  yield* sleep(afterMs);
  console.log(`hello, ${name}`);
  return name.length;
}

await main(function* () {
  // Spawned: runs from now on, whether or not anybody waits for it.
  const ada = spawn(greet, "Ada", 30);

  // Called, and not waited for: nothing has run, and of the second nothing ever will.
  const grace = greet("Grace", 10);
  greet("nobody", 0);

  const [three, five] = yield* join(ada, grace);
  console.log(`${three + five} letters greeted, in the order in which their time came`);
});
