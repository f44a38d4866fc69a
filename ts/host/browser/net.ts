// A browser has no sockets: each operation is refused with what to use instead.

import type { Cancel, Completion, HostNet } from "../types.js";

function refuse(done: Completion<never>): Cancel {
  done.reject(
    Object.assign(
      new Error("this host has no TCP sockets: use fetch or a WebSocket through fromPromise"),
      { code: "ENOSYS" },
    ),
  );
  return () => {};
}

export const net: HostNet = {
  listen: (_address, _backlog, done) => refuse(done),
  connect: (_address, done) => refuse(done),
  lookup: (_name, done) => refuse(done),
};
