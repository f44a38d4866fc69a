// A page or a Web Worker, and any other host with the web platform's timers.
//
//   clock         performance.now
//   turns         MessageChannel: a nested setTimeout(0) costs 4 ms in a page
//   parking       never: the main thread of a page must not block
//   threads       none yet: a page runs current_thread
//   carried value none: after an `await`, an async function has lost its task

import type { Host, HostTimer } from "../types.js";

function messageTurns(): (callback: () => void) => void {
  let channel: MessageChannel | undefined;
  const waiting: (() => void)[] = [];
  return (callback) => {
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()?.();
    }
    waiting.push(callback);
    channel.port2.postMessage(0);
  };
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const host: Host = {
  name: "a browser",
  now: () => performance.now(),
  defer: /* @__PURE__ */ messageTurns(),
  setTimer: (callback, delayMs) =>
    setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS)),
  setBackgroundTimer: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimer: (timer: HostTimer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  canPark: false,
  park: () => {
    throw new Error("a browser's thread cannot be parked");
  },
  entropy: () => crypto.getRandomValues(new Uint32Array(1))[0] as number,
  report: (text) => console.error(text),
  environment: () => undefined,
  runWith: (_store, callback) => callback(),
  carried: () => undefined,
  captureContext: () => undefined,
  outside: (callback) => callback(),
  onIdleExit: () => () => {},
  onExit: () => () => {},
  keepAlive: () => () => {},
  builtinTest: () => undefined,
  threads: undefined,
};
