// The runtime that chapters run on: an ordinary one, with timers and sockets.

import type { CoroutineFunction } from "tokiwa";
import { Builder } from "tokiwa/runtime";

/** Runs a coroutine on a fresh runtime and shuts that down. Tasks that are left then are dropped. */
export async function onTokiwa<A extends readonly unknown[], T>(
  program: CoroutineFunction<A, T>,
  ...args: A
): Promise<T> {
  const runtime = Builder.newCurrentThread().enableAll().build();
  try {
    return await runtime.run(program, ...args);
  } finally {
    runtime.shutdownBackground();
  }
}

/** What plain Node has instead of `sleep`. */
export function nodeSleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
