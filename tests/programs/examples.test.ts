// Every example, run as its reader would: `node examples/run.mjs <name>`, in a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { PATIENCE_MS } from "../support/patience.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** An example that runs. */
class Example {
  output = "";
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | string>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, ["examples/run.mjs", ...args], {
      cwd: root,
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk) => {
        this.output += chunk;
      });
    const limit = setTimeout(() => this.child.kill("SIGKILL"), PATIENCE_MS);
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => {
        clearTimeout(limit);
        resolve(code ?? signal ?? "?");
      });
    });
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  /** How it has ended: its exit code, or the signal that ended it. */
  end(): Promise<number | string> {
    return this.ended;
  }

  /** Its lines, once it has ended by itself and well. */
  async lines(): Promise<string[]> {
    const end = await this.ended;
    expect({ end, output: this.output }).toMatchObject({ end: 0 });
    return this.output.trimEnd().split("\n");
  }

  /** What the pattern finds in the output, as soon as it does. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      const end = await Promise.race([this.ended, once(this.child.stdout as Socket, "data")]);
      if (!Array.isArray(end) && !pattern.test(this.output))
        throw new Error(`ended with ${end} before it said ${pattern}:\n${this.output}`);
    }
  }

  async port(): Promise<number> {
    return Number((await this.says(/listening on 127\.0\.0\.1:(\d+)\n/))[1]);
  }

  /** Ends it by a signal; how it ended. */
  interrupt(signal: NodeJS.Signals): Promise<number | string> {
    this.child.kill(signal);
    return this.ended;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}

const running = new Set<Example>();

afterEach(() => {
  for (const example of running) example.kill();
});

/** A client by hand: what it has heard so far. */
class Client {
  heard = "";
  readonly socket: Socket;
  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.heard += chunk;
    });
  }
  static async to(port: number): Promise<Client> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Client(socket);
  }
  async hears(text: string): Promise<void> {
    while (!this.heard.includes(text)) await once(this.socket, "data");
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The rows of a PNG with a byte a pixel and no filters, read by hand. */
function rowsOfPng(file: Buffer): Buffer[] {
  expect(file.subarray(1, 4).toString("latin1")).toBe("PNG");
  let width = 0;
  const data: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const type = file.toString("latin1", at + 4, at + 8);
    if (type === "IHDR") width = file.readUInt32BE(at + 8);
    if (type === "IDAT") data.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const pixels = inflateSync(Buffer.concat(data));
  return Array.from({ length: pixels.length / (width + 1) }, (_, y) =>
    pixels.subarray(y * (width + 1) + 1, (y + 1) * (width + 1)),
  );
}

describe("by themselves", () => {
  test("hello", async () => {
    expect(await new Example("hello").lines()).toEqual([
      "hello, Grace",
      "hello, Ada",
      "8 letters greeted, in the order in which their time came",
    ]);
  });

  test("echo-server", async () => {
    const [first, ...rest] = await new Example("echo-server", "--demo").lines();
    expect(first).toMatch(/^listening on 127\.0\.0\.1:\d+$/);
    expect(rest).toEqual(["evergreen -> evergreen", "pine -> pine", "cedar -> cedar"]);
  });

  test("chat-server", async () => {
    const [, ...lines] = await new Example("chat-server", "--demo").lines();
    expect(lines).toEqual([
      "Ann reads: * your name?",
      "Ann reads: * welcome, Ann; here are: nobody",
      "Bob reads: * your name?",
      "Bob reads: * welcome, Bob; here are: Ann",
      "Ann reads: * Bob has come",
      "Bob reads: Ann: good evening",
      "Ann reads: * Bob has gone",
      "Cleo reads: * your name?",
      "Cleo reads: * welcome, Cleo; here are: Ann",
      "Ann reads: * Cleo has come",
      "Ann reads: Cleo: am I late?",
    ]);
  });

  test("crawler", async () => {
    const lines = await new Example("crawler").lines();
    const [, requests, ms] = (/^(\d+) requests in (\d+) ms$/.exec(lines[0] as string) ??
      []) as unknown as [string, string, string];
    expect(Number(requests)).toBe(45);
    // 100 a second: the 45th begins 440 ms after the first, at the earliest.
    expect(Number(ms)).toBeGreaterThanOrEqual(440);
    expect(lines[1]).toMatch(/^found: 22 \(\/0 \/1 .* \/22\)$/);
    expect(lines[2]).toMatch(/^missing: 22 \(\/25 .* \/46\)$/);
    expect(lines[3]).toBe("too slow: 1 (/11)");
    expect(lines[4]).toMatch(/^the site saw [1-4] requests at once, and 1 given up$/);
  });

  test("graceful-shutdown", async () => {
    const [, ...lines] = await new Example("graceful-shutdown", "--demo").lines();
    expect(lines).toEqual([
      "quick: done after 1 ms",
      "SIGTERM: no longer accepting, 2 in flight",
      "slow: done after 800 ms",
      "the deadline has come: 1 aborted",
      "endless: no answer, the connection was closed",
    ]);
  });

  test("hand-written-future", async () => {
    expect(await new Example("hand-written-future").lines()).toEqual([
      "a delay was made, and no timer runs yet",
      "delay: 30 ms, seen at poll 2",
      "guest: waiting",
      "cook: at work",
      "guest: has soup",
      "delay of 3600000 ms: dropped",
      "the quick one wins",
    ]);
  });

  test("embedding", async () => {
    const lines = await new Example("embedding").lines();
    expect(lines.map((line) => line.replace(/^\S+\s+/, ""))).toEqual([
      "the hero waits at the gate",
      "the bell rings, the guard goes home",
      "the hero is through",
      "frames, a turn of the runtime in each",
    ]);
  });

  test("mandelbrot: each row once, and the file is the picture", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "tokiwa-")), "picture.png");
    const lines = await new Example("mandelbrot", file).lines();
    expect(lines.at(-1)).toBe(file);
    const shares = /^600 rows in \d+ ms; by each worker: ([\d, ]+)$/.exec(
      lines.at(-2) as string,
    )?.[1];
    expect(sum((shares ?? "").split(", ").map(Number))).toBe(600);
    const rows = rowsOfPng(readFileSync(file));
    expect({ rows: rows.length, width: rows[0]?.length }).toEqual({ rows: 600, width: 900 });
    const { rowOf } = await import("../../examples/tasks/mandelbrot.js");
    const view = { width: 900, height: 600, middleX: -0.7436, middleY: 0.1318, span: 0.012 };
    for (const y of [0, 299, 599])
      expect(rows[y]?.equals(rowOf({ ...view, steps: 800 }, y)), `row ${y}`).toBe(true);
    rmSync(join(file, ".."), { recursive: true });
  });

  test("uneven-map: each range once, on whatever worker", async () => {
    const lines = await new Example("uneven-map").lines();
    expect(lines[0]).toMatch(/^92938 primes below 1200000, in \d+ ms on \d+ workers$/);
    const shares = lines
      .flatMap((line) => /, (\d+) ranges$/.exec(line)?.slice(1) ?? [])
      .map(Number);
    // As it went, and as it would have been dealt out.
    expect(sum(shares.slice(0, shares.length / 2))).toBe(200);
    expect(sum(shares.slice(shares.length / 2))).toBe(200);
  });

  test("stealing: a lane for each worker, each task once, plain lines for a pipe", async () => {
    const lines = await new Example("stealing").lines();
    expect(lines.join("\n")).not.toContain("\x1b");
    expect(lines.join("\n")).toMatch(
      /^40 tasks, all spawned on worker \d+; \d+ ms from left to right:$/m,
    );
    expect(
      lines.filter((line) => /^worker \d+ {2}[A-Za-z·]{72}$/.test(line)).length,
    ).toBeGreaterThan(0);
    const ran = lines.flatMap((line) => /^worker \d+ ran (\d+) of them/.exec(line)?.slice(1) ?? []);
    expect(sum(ran.map(Number))).toBe(40);
  });

  test("two-runtimes: one reads, the other counts", async () => {
    const lines = await new Example("two-runtimes").lines();
    expect(lines[0]).toMatch(/^61440 of 614400 rows are above 899; asked in \d+ ms$/);
    expect(lines.slice(1, 3)).toEqual(["read by: io", "counted by: cpu"]);
    expect(lines[3]).toMatch(/^meanwhile a page was read \d+ times from here/);
  });

  test("blocking: the pool leaves the server its thread", async () => {
    const lines = await new Example("blocking").lines();
    const pings = lines.map((line) => Number(/, (\d+) pings answered/.exec(line)?.[1]));
    expect(lines[0]).toMatch(/^on the server's own thread: 4 logins in \d+ ms/);
    expect(lines[1]).toMatch(/^on the blocking pool: {7}4 logins in \d+ ms/);
    expect(pings[1]).toBeGreaterThan(0);
  });

  test("rate-limiter: two at once, and no more than ten a second", async () => {
    const lines = await new Example("rate-limiter").lines();
    expect(lines).toEqual([
      "begun, at milliseconds: a 0, b 0, c 0, d 100, e 200, f 300, g 400, h 500",
    ]);
  });

  test("config-watcher: the worker sees what matters to it", async () => {
    const lines = await new Example("config-watcher").lines();
    expect(lines.join("\n")).toMatch(/^worker: .*limit 3, told to end$/m);
  });

  test("pub-sub: a slow reader hears how much it has missed", async () => {
    const lines = await new Example("pub-sub").lines();
    expect(lines).toContain("quick: 20 prices, missed 0, the last was 120");
    const [, received, missed] = /^slow: (\d+) prices, missed (\d+),/m.exec(lines.join("\n")) ?? [];
    expect(Number(received) + Number(missed)).toBe(20);
  });

  test("first-failure: what was booked is given back", async () => {
    const lines = await new Example("first-failure").lines();
    expect(lines).toContain("  has flight, hotel, car");
    expect(lines).toContain("  flight: given back");
    expect(lines.at(-1)).toBe("  stays at home, hotel: nothing left");
  });

  test("heat: parts in one region of shared memory, as on one thread", async () => {
    const lines = await new Example("heat").lines();
    expect(lines.at(-1)).toBe("4 parts, 150 rounds; as on one thread: yes");
  });

  test("pipeline: the writer holds the workers back", async () => {
    const lines = await new Example("pipeline").lines();
    expect(lines[0]).toMatch(/^60 jobs: 25997 primes below 300000, by workers/);
    const [, ahead, room] =
      /^never more than (\d+) jobs ahead .*room for (\d+)/.exec(lines[1] ?? "") ?? [];
    expect(Number(ahead)).toBeLessThanOrEqual(Number(room));
  });

  test("log-batches: errors out of a response, in batches", async () => {
    const lines = await new Example("log-batches").lines();
    expect(lines.at(-1)).toMatch(/^10 errors in \d+ batches$/);
  });

  test("there is none that is not tested here", () => {
    const files = readdirSync(new URL("../../examples", import.meta.url));
    expect(files.filter((file) => file.endsWith(".ts")).sort()).toEqual([
      "blocking.ts",
      "chat-server.ts",
      "config-watcher.ts",
      "crawler.ts",
      "echo-server.ts",
      "embedding.ts",
      "first-failure.ts",
      "graceful-shutdown.ts",
      "hand-written-future.ts",
      "heat.ts",
      "hello.ts",
      "log-batches.ts",
      "mandelbrot.ts",
      "pipeline.ts",
      "pub-sub.ts",
      "rate-limiter.ts",
      "stealing.ts",
      "two-runtimes.ts",
      "uneven-map.ts",
    ]);
  });
});

describe("as servers, until they are interrupted", () => {
  test("echo-server", async () => {
    const server = new Example("echo-server");
    const client = await Client.to(await server.port());
    client.socket.write("out there?");
    await client.hears("out there?");
    expect(await server.interrupt("SIGTERM")).toBe("SIGTERM");
  });

  test("chat-server: a name that is taken, and a client that breaks off", async () => {
    const server = new Example("chat-server");
    const port = await server.port();
    const ann = await Client.to(port);
    ann.socket.write("Ann\n");
    await ann.hears("* welcome, Ann; here are: nobody\n");
    const other = await Client.to(port);
    other.socket.write("Ann\nBob\n");
    await other.hears("* taken; another?\n* welcome, Bob; here are: Ann\n");
    // Two lines in one piece, and one line in two.
    other.socket.write("one\ntwo\nth");
    await ann.hears("Bob: one\nBob: two\n");
    other.socket.write("ree\n");
    await ann.hears("Bob: three\n");
    other.socket.resetAndDestroy();
    await ann.hears("* Bob has gone\n");
    expect(other.heard).not.toContain("Bob: one");
    expect(await server.interrupt("SIGTERM")).toBe("SIGTERM");
  });

  test("graceful-shutdown: on Ctrl-C, with a request in flight", async () => {
    const server = new Example("graceful-shutdown");
    const port = await server.port();
    const quick = await Client.to(port);
    quick.socket.write("1");
    await quick.hears("done after 1 ms\n");
    const slow = await Client.to(port);
    slow.socket.write("200");
    const endless = await Client.to(port);
    endless.socket.write("3600000");
    // Served in the order in which they came, so once a later one has been answered both are in flight.
    const later = await Client.to(port);
    later.socket.write("1");
    await later.hears("done after 1 ms\n");
    expect(await server.interrupt("SIGINT")).toBe(0);
    await slow.hears("done after 200 ms\n");
    expect(endless.heard).toBe("");
    expect(server.output).toMatch(/SIGINT: no longer accepting, [12] in flight\n/);
    expect(server.output).toContain("the deadline has come: 1 aborted\n");
  });

  test("graceful-shutdown: when its time is up, with nothing to do", async () => {
    const lines = await new Example("graceful-shutdown", "--seconds", "0.05").lines();
    expect(lines.slice(1)).toEqual([
      "time is up: no longer accepting, 0 in flight",
      "all finished",
    ]);
  });
});

test("the runner says which examples there are", async () => {
  const runner = new Example("no-such-example");
  expect(await runner.end()).toBe(2);
  expect(runner.output).toMatch(
    /^usage: node examples\/run\.mjs blocking\|.*\|uneven-map \[--demo\]/,
  );
});
