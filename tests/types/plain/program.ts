// Compiled by ../plain.test.ts without the types of Node; and with them, as every file here.

import * as main from "tokiwa";
import * as io from "tokiwa/io";
import * as net from "tokiwa/net";
import * as runtime from "tokiwa/runtime";
import { fromNode, iter, type NodeReadable } from "tokiwa/stream";
import * as sync from "tokiwa/sync";
import * as task from "tokiwa/task";
import * as testing from "tokiwa/testing";
import * as time from "tokiwa/time";

/** What they import is checked because they are. */
export const all: readonly object[] = [main, io, net, runtime, sync, task, testing, time];

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const readable: NodeReadable<number> = iter([1]).toNode();
const { next } = readable[Symbol.asyncIterator]();
const isNumber: Same<typeof next, AsyncIterator<number>["next"]> = true;
export const stream: unknown = [isNumber, fromNode(readable), readable.destroy()];
