// Tasks on workers that wait for the event loop of their thread: sockets, promises and callbacks of the host. A worker that has nothing
// else to do must not sleep through them.

import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import type { Runtime } from "tokiwa/runtime";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rejection, settles } from "../support/tasks.js";
import {
  crew,
  dismiss,
  LONG,
  sharedWords,
  unmanned,
  until,
  untilNoTasks,
  untilWord,
} from "./crew.js";
import * as sockets from "./fixtures/sockets.mjs";

let rt: Runtime;
let server: Server;
let address: string;
/** Requests to /slow whose client has gone. */
let abandoned = 0;

beforeAll(async () => {
  rt = unmanned(2);
  server = createServer((request, response) => {
    if (request.url === "/slow") {
      response.on("close", () => {
        abandoned += 1;
      });
      return;
    }
    response.setHeader("connection", "close");
    response.end(`you asked for ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => untilNoTasks(rt));
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  expect(rt.metrics().lostWorkersCount()).toBe(0);
  await dismiss(rt);
});

function run(fn: unknown, ...args: unknown[]): Promise<unknown> {
  return settles(rt.spawn(fn as never, ...(args as never[])), LONG);
}

describe("sockets", () => {
  test("both ends on one worker", async () => {
    const results = await Promise.all(Array.from({ length: 6 }, () => run(sockets.both)));
    for (const result of results) expect(result).toEqual(["hello", 5]);
  });

  test("a server on one worker, clients on both", async () => {
    const words = sharedWords(2);
    const clients = 6;
    const serving = rt.spawn(sockets.serve, { words }, clients);
    await untilWord(words, 0);
    const [chunks, size] = [20, 3000];
    const talks = await Promise.all(
      Array.from({ length: clients }, () => run(sockets.talk, words[0], chunks, size)),
    );
    const [totals, thread] = (await settles(serving, LONG)) as [number[], number];
    for (const [same, end] of talks as [boolean, number, number][])
      expect([same, end]).toEqual([true, 0]);
    expect(totals).toEqual(Array(clients).fill(chunks * size));
    expect(thread).toBeGreaterThan(0);
  });

  test("a server on a worker, a client of Node here", async () => {
    const words = sharedWords(2);
    const serving = rt.spawn(sockets.serve, { words }, 1);
    await untilWord(words, 0);
    const client = connect(words[0] as number, "127.0.0.1");
    let text = "";
    client.on("data", (data) => {
      text += data;
      if (text.length === 4) client.end();
    });
    client.write("ping");
    await settles(new Promise((resolve) => client.on("close", resolve)), LONG);
    expect(text).toBe("ping");
    expect(await settles(serving, LONG)).toEqual([[4], expect.any(Number)]);
  });

  test("a worker that only waits for a connection still runs other tasks", async () => {
    const one = crew(1);
    const words = sharedWords(2);
    const serving = one.spawn(sockets.serve, { words }, 1);
    await untilWord(words, 0);
    for (let i = 0; i < 20; i++)
      expect(await settles(one.spawn(sockets.callbacks, "setTimeout"), LONG)).toBe("called");
    expect(await settles(one.spawn(sockets.talk, words[0], 3, 100), LONG)).toEqual([
      true,
      0,
      expect.any(Number),
    ]);
    await settles(serving, LONG);
  });

  test("an abort closes the listener", async () => {
    const words = sharedWords(2);
    const handle = rt.spawn(sockets.listens, { words });
    await untilWord(words, 0);
    handle.abort();
    expect(await rejection(settles(handle, LONG))).toMatchObject({ isCancelled: true });
    expect(words[1]).toBe(1);
    expect(await run(sockets.refused, words[0])).toBe("ECONNREFUSED");
  });

  test("so does a shutdown", async () => {
    const one = crew(1);
    const words = sharedWords(2);
    const end = rejection(settles(one.spawn(sockets.listens, { words }), LONG));
    await untilWord(words, 0);
    await dismiss(one);
    expect(await end).toMatchObject({ isCancelled: true });
    expect(await run(sockets.refused, words[0])).toBe("ECONNREFUSED");
  });

  test("reads that lose against timers lose no bytes", async () => {
    let connected: import("node:net").Socket | undefined;
    const slow = createTcpServer((socket) => {
      connected = socket;
    });
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    const handle = rt.spawn(sockets.impatient, (slow.address() as AddressInfo).port);
    await until("the worker has connected", () => connected !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    connected?.end("at last");
    expect(await settles(handle, LONG)).toEqual([expect.any(Boolean), "at last"]);
    slow.close();
  });
});

describe("promises", () => {
  const { fetchText, fetchAsync, fetchPromise } = sockets;

  test.each(Object.entries({ fetchText, fetchAsync, fetchPromise }))("%s", async (_, fn) => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => run(fn, `${address}/${i}`)),
    );
    expect(results).toEqual(Array.from({ length: 8 }, (_, i) => [200, `you asked for /${i}`]));
  });

  test("an API of Node with callbacks", async () => {
    expect(await run(sockets.getByCallback, `${address}/x`)).toBe("you asked for /x");
  });

  test("a timeout gives the request up: the server sees it", async () => {
    const before = abandoned;
    // On a busy machine the time may be over before the request has arrived.
    let arrived = 0;
    const count = () => {
      arrived += 1;
    };
    server.on("request", count);
    while (arrived === 0)
      expect(await run(sockets.fetchTimeout, `${address}/slow`)).toBe("ElapsedError");
    server.off("request", count);
    await until("the request is abandoned", () => abandoned > before);
  });

  test.each(Object.entries({ fetchText, fetchAsync }))(
    "an abort from here does too: %s",
    async (_, fn) => {
      const before = abandoned;
      const arrived = new Promise<void>((resolve) =>
        server.once("request", () => {
          resolve();
        }),
      );
      const handle = rt.spawn(fn, `${address}/slow`);
      await settles(arrived, LONG);
      handle.abort();
      expect(await rejection(settles(handle, LONG))).toMatchObject({ isCancelled: true });
      await until("the request is abandoned", () => abandoned > before);
    },
  );

  test("files, one after the other", async () => {
    expect(await Promise.all([run(sockets.readSelf), run(sockets.readSelf)])).toEqual([true, true]);
  });
});

describe("futures by hand", () => {
  test("a Delay by setTimeout", async () => {
    const handles = Array.from({ length: 10 }, (_, i) => run(sockets.delays, i, 5));
    for (const [i, result] of (await Promise.all(handles)).entries()) {
      const [took, thread] = result as [number, number];
      // Node's timers count whole milliseconds, and may be early by a fraction of one each.
      expect(took).toBeGreaterThanOrEqual(5 * (i - 1));
      expect(thread).toBeGreaterThan(0);
    }
  });

  test.each(sockets.callbackKinds as string[])("woken by %s", async (kind) => {
    for (let round = 0; round < 5; round++) {
      const handles = [1, 2, 3].map(() => run(sockets.callbacks, kind));
      expect(await Promise.all(handles)).toEqual(["called", "called", "called"]);
    }
  });

  test.each(sockets.callbackKinds as string[])(
    "woken by %s, on a worker that has nothing else",
    async (kind) => {
      const one = crew(1);
      for (let round = 0; round < 3; round++) {
        expect(await settles(one.spawn(sockets.callbacks, kind), LONG)).toBe("called");
      }
    },
  );
});

describe("what a task leaves behind on its worker still runs", () => {
  const KINDS = [
    "setTimeout",
    "setInterval",
    "setImmediate",
    "a promise of a file",
    "a message",
    "an async function",
  ];

  test.each(KINDS)("%s, with nothing else to do", async (kind) => {
    const one = crew(1);
    const words = sharedWords(1);
    await settles(one.spawn(sockets.leaves, { words }, kind), LONG);
    await untilWord(words, 0);
  });

  test.each(KINDS)("%s, while a task sleeps", async (kind) => {
    const one = crew(1);
    const words = sharedWords(1);
    const handle = one.spawn(sockets.leavesAndWaits, { words }, kind);
    await untilWord(words, 0);
    handle.abort();
    expect(await rejection(settles(handle, LONG))).toMatchObject({ isCancelled: true });
  });

  test("and does not keep the runtime from ending", async () => {
    const one = crew(1);
    const words = sharedWords(1);
    await settles(one.spawn(sockets.leaves, { words }, "setTimeout"), LONG);
    await dismiss(one);
  });
});
