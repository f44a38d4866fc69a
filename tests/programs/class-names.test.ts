// Classes have the names by which users know them, whatever the bundler made of them: they are read in `console.log` and in errors.

import { inspect } from "node:util";
import * as index from "tokiwa";
import * as io from "tokiwa/io";
import * as net from "tokiwa/net";
import * as runtime from "tokiwa/runtime";
import * as stream from "tokiwa/stream";
import * as sync from "tokiwa/sync";
import * as task from "tokiwa/task";
import * as testing from "tokiwa/testing";
import * as time from "tokiwa/time";
import { expect, test } from "vitest";

const ENTRIES = { index, io, net, runtime, stream, sync, task, testing, time };

function isClass(value: unknown): value is { readonly name: string } {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** Classes by the name of their export, those of namespaces like `mpsc` among them. */
function classesOf(exports: object): [name: string, className: string][] {
  return Object.entries(exports).flatMap(([name, value]) => {
    if (isClass(value)) return [[name, value.name]];
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? classesOf(value)
      : [];
  });
}

test.each(Object.entries(ENTRIES))("tokiwa/%s", (_, exports) => {
  for (const [name, className] of classesOf(exports)) {
    // `broadcast.SharedSender` is SharedBroadcastSender.
    const words = name.split(/(?=[A-Z])/);
    expect(className).toMatch(new RegExp(`^${words.join("\\w*")}$`));
    expect(className).not.toMatch(/[\d_]/);
  }
});

test("there are many of them, in namespaces too", () => {
  const names = classesOf(sync).map(([name]) => name);
  expect(names).toContain("SharedMutex");
  expect(names.filter((name) => name === "Sender").length).toBeGreaterThan(2);
});

test("an instance shows its class", () => {
  const [tx, rx] = sync.mpsc.channel(1);
  expect(inspect(tx)).toMatch(/^Sender\b/);
  expect(inspect(rx)).toMatch(/^Receiver\b/);
  expect(inspect(new sync.OnceCell())).toMatch(/^OnceCell\b/);
});
