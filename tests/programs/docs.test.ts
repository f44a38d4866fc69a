// The examples of README.md and docs/ compile and print what the document says; the guide's tables leave nothing out.

import * as tokiwa from "tokiwa";
import * as io from "tokiwa/io";
import * as net from "tokiwa/net";
import * as runtime from "tokiwa/runtime";
import * as stream from "tokiwa/stream";
import * as sync from "tokiwa/sync";
import * as task from "tokiwa/task";
import * as testing from "tokiwa/testing";
import * as time from "tokiwa/time";
import { beforeAll, describe, expect, test } from "vitest";
import {
  compileExamples,
  namesListed,
  operations,
  runExample,
  typeErrors,
  writeExamples,
} from "../support/docs.js";

const GUIDE = "docs/guide.md";
const examples = writeExamples();

test("the examples type-check", async () => {
  expect(await typeErrors(examples)).toEqual([]);
});

describe("the examples run", () => {
  beforeAll(() => compileExamples(examples));

  for (const example of examples) {
    if (example.notRun !== undefined) continue;
    test.concurrent(example.at, async ({ expect }) => {
      const outcome = await runExample(example);
      // One value, so that a failure shows all of it: where the block is, what was printed, what went wrong.
      expect({ at: example.at, ...outcome }).toEqual({
        at: example.at,
        stdout: example.output ?? outcome.stdout,
        stderr: "",
        exit: 0,
      });
    });
  }
});

describe("the guide's tables leave nothing out", () => {
  const { broadcast, mpsc, oneshot, watch } = sync;
  const channels = [mpsc, oneshot, broadcast, watch];
  const entries = [tokiwa, io, net, runtime, stream, sync, ...channels, task, testing, time];
  const exported = new Map(entries.flatMap((entry) => Object.entries(entry)));

  test("every setting of the Builder", () => {
    const listed = namesListed(GUIDE, "Every setting");
    const methods = Object.getOwnPropertyNames(runtime.Builder.prototype);
    const others = ["constructor", "build", "startLazily", "assertCurrentThread"];
    const settings = methods.filter((name) => !others.includes(name));
    expect(settings.length).toBeGreaterThan(20);
    expect(settings.filter((name) => !listed.has(name))).toEqual([]);
  });

  test("every class of errors", () => {
    const listed = namesListed(GUIDE, "Errors");
    const classes = [...exported].filter(
      ([, value]) => typeof value === "function" && value.prototype instanceof Error,
    );
    expect(classes.length).toBeGreaterThan(20);
    expect(classes.map(([name]) => name).filter((name) => !listed.has(name))).toEqual([]);
  });

  test("what every operation loses when it is dropped", () => {
    const listed = namesListed(GUIDE, "What each operation loses");
    const public_ = operations(new Set([...exported.keys(), "TcpWrite"]));
    expect(public_.length).toBeGreaterThan(30);
    expect(public_.filter((name) => !listed.has(name))).toEqual([]);
  });
});
