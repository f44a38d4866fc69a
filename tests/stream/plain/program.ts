// Compiled by plain-types.test.ts without the types of Node; and with them, as every file here.

import { fromNode, iter, type NodeReadable } from "tokiwa/stream";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const readable: NodeReadable<number> = iter([1]).toNode();
const { next } = readable[Symbol.asyncIterator]();
const isNumber: Same<typeof next, AsyncIterator<number>["next"]> = true;
export const stream: unknown = [isNumber, fromNode(readable), readable.destroy()];
