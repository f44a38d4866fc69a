// A process that runs rounds: one line in, one line out.
//
// C1  A child is asked one thing at a time.
// C2  A child that dies, answers no JSON or takes too long fails the question it was asked, and is not asked again.
// C3  No child outlives this process: each one ends with its input, and all are killed when this process ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Far beyond the longest round, so that only what hangs is cut off. */
const ANSWER_MS_MAX = 180_000;

const alive = new Set();

/** C3. */
function killAll() {
  for (const child of alive) child.kill("SIGKILL");
}

let stopping = false;

/**
 * Waits for the killed to be gone, so that nothing is left of them when this process is. Meanwhile the questions that they
 * were asked stay open: nothing goes on, and nobody starts another.
 */
async function interrupted(exitCode) {
  stopping = true;
  killAll();
  await Promise.all([...alive].map((child) => once(child, "close")));
  process.exit(exitCode);
}

process.on("exit", killAll);
process.on("SIGINT", () => interrupted(130));
process.on("SIGTERM", () => interrupted(143));
process.on("SIGHUP", () => interrupted(129));

export class Child {
  #process;
  #answer;
  #failure;
  #errorText = "";

  constructor(command, args) {
    this.#process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    alive.add(this.#process);
    this.#process.on("error", (error) => this.#fail(error.message));
    this.#process.on("close", (code, signal) => {
      alive.delete(this.#process);
      this.#fail(`ended with ${signal ?? `code ${code}`}${this.#errorTail()}`);
    });
    this.#process.stdin.on("error", () => {});
    this.#process.stderr.on("data", (text) => {
      this.#errorText = (this.#errorText + text).slice(-2_000);
    });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#receive(line));
  }

  /** What the child says of itself when it is ready. @throws {Error} when it does not start. */
  greeting() {
    return this.#next();
  }

  /** Has the child run one round. @throws {Error} when the round fails. */
  async ask(row, parameters) {
    const pairs = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
    const answer = this.#next();
    this.#process.stdin.write(`${[row, ...pairs].join(" ")}\n`);
    const { error, ...fields } = await answer;
    if (error !== undefined) throw new Error(error);
    return fields;
  }

  /** Ends the child, which is not asked again. */
  end() {
    this.#process.stdin.end();
    this.#process.kill("SIGKILL");
  }

  #next() {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const timer = setTimeout(() => {
        this.end();
        this.#fail(`no answer in ${ANSWER_MS_MAX / 1_000} s`);
      }, ANSWER_MS_MAX);
      const settle = (done) => (value) => {
        clearTimeout(timer);
        this.#answer = undefined;
        done(value);
      };
      this.#answer = { resolve: settle(resolve), reject: settle(reject) };
    });
  }

  #receive(line) {
    try {
      this.#answer?.resolve(JSON.parse(line));
    } catch {
      this.#fail(`not an answer: ${line}`);
    }
  }

  #fail(why) {
    if (stopping) return;
    this.#failure ??= new Error(why);
    this.#answer?.reject(this.#failure);
  }

  #errorTail() {
    const text = this.#errorText.trim();
    return text === "" ? "" : `: ${text}`;
  }
}
