// A type of Node that the library's own types name. No module of Node is loaded for it.

// biome-ignore lint/suspicious/noTsIgnore: it is an error in some programs only.
/** @ts-ignore: a program without the types of Node has an error here that is none of its own, and `any` for the type. */
export type { Readable } from "node:stream";
