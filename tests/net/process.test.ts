// When a program with sockets ends. Each runs as a process of its own, on the published package.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { PATIENCE_MS } from "../support/patience.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const IMPORTS = `
  import { main, sleep, spawn, pollFn } from "tokiwa";
  import { TcpListener, TcpStream } from "tokiwa/net";
`;

interface Ended {
  /** How it ended: its exit code, or "killed" when it would not end by itself. */
  readonly end: number | "killed" | null;
  readonly output: string;
}

function run(program: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", IMPORTS + program, ...args],
      {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      child.kill("SIGKILL");
    }, PATIENCE_MS);
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ end: killed ? "killed" : code, output });
    });
  });
}

describe("a program ends by itself when main has ended", () => {
  const programs: Record<string, string> = {
    "with everything disposed": `
      await main(function* () {
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        listener[Symbol.dispose]();
      });`,
    "with a listener open": `
      await main(function* () {
        yield* TcpListener.bind("127.0.0.1:0");
      });`,
    "with a task that accepts for ever": `
      function* serve(listener) {
        for (;;) yield* listener.accept();
      }
      await main(function* () {
        spawn(serve, yield* TcpListener.bind("127.0.0.1:0"));
        yield* sleep(1);
      });`,
    "with connections open whose tasks wait for data": `
      function* read(stream) {
        yield* stream.read(new Uint8Array(1));
      }
      await main(function* () {
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        const client = yield* TcpStream.connect(listener.localAddr());
        const [server] = yield* listener.accept();
        spawn(read, client);
        spawn(read, server);
        yield* sleep(1);
      });`,
    "with connections open that nobody uses": `
      await main(function* () {
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        const client = yield* TcpStream.connect(listener.localAddr());
        yield* listener.accept();
      });`,
    "with a connection that nobody has accepted": `
      await main(function* () {
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        yield* TcpStream.connect(listener.localAddr());
      });`,
    "with a connect under way": `
      await main(function* () {
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        const connect = TcpStream.connect(listener.localAddr());
        yield* pollFn((cx) => void connect.poll(cx));
      });`,
  };
  for (const [name, program] of Object.entries(programs))
    test(name, async () => {
      const { end, output } = await run(`${program}\nconsole.log("main has ended");`);
      expect({ end, output }).toEqual({ end: 0, output: "main has ended\n" });
    });

  test("with bytes left that a peer never reads", async () => {
    const stuck = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(stuck, "listening");
    try {
      const { end, output } = await run(
        `
        let taken = 0;
        function* fill(stream) {
          for (;;) taken += yield* stream.write(new Uint8Array(65536));
        }
        await main(function* () {
          const stream = yield* TcpStream.connect({ host: "127.0.0.1", port: Number(process.argv[1]) });
          spawn(fill, stream);
          for (let before = -1; before !== taken; yield* sleep(50)) before = taken;
        });
        console.log("main has ended");`,
        `${(stuck.address() as AddressInfo).port}`,
      );
      expect({ end, output }).toEqual({ end: 0, output: "main has ended\n" });
    } finally {
      stuck.close();
    }
  });

  test("with what it had written still arriving", async () => {
    const { end, output } = await run(`
      import { createServer } from "node:net";
      let received = 0;
      const server = createServer((socket) => {
        socket.on("data", (chunk) => (received += chunk.length));
        socket.on("end", () => { console.log(received); server.close(); });
      });
      await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
      await main(function* () {
        const stream = yield* TcpStream.connect({ host: "127.0.0.1", port: server.address().port });
        yield* stream.writeAll(new Uint8Array(300_000));
      });`);
    expect({ end, output }).toEqual({ end: 0, output: "300000\n" });
  });
});

describe("an error of a socket", () => {
  test("that nobody catches ends the program with the error, not with a crash inside", async () => {
    const { end, output } = await run(`
      await main(function* () {
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        yield* TcpListener.bind(listener.localAddr());
      });`);
    expect(end).toBe(1);
    expect(output).toMatch(/IoError: binding 127\.0\.0\.1:\d+ failed: EADDRINUSE/);
  });

  test("that is caught leaves the program running", async () => {
    const { end, output } = await run(`
      await main(function* () {
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        const address = listener.localAddr();
        try {
          yield* TcpListener.bind(address);
        } catch (error) {
          console.log(error.code);
        }
        listener[Symbol.dispose]();
        try {
          yield* TcpStream.connect(address);
        } catch (error) {
          console.log(error.code);
        }
      });`);
    expect({ end, output }).toEqual({ end: 0, output: "EADDRINUSE\nECONNREFUSED\n" });
  });
});
