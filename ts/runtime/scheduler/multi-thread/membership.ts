// What makes a thread part of a runtime: sent to every thread that the runtime starts, and to those that get a handle of it.

import type { SharedCore } from "../../core/binding.js";

/** Settings that every thread of a runtime has; the others are those of whoever built it. */
export interface ThreadSettings {
  readonly name: string | undefined;
  readonly eventInterval: number;
  readonly lifo: boolean;
  readonly maxTasks: number;
  readonly maxTimers: number;
  readonly io: boolean;
  readonly time: boolean;
  readonly unhandledPanic: "ignore" | "shutdownRuntime";
  readonly trackSpawnSites: boolean;
  readonly captureContext: boolean;
  readonly keepAliveMs: number;
}

export interface Membership {
  /** Unique among the runtimes of this process. */
  readonly id: string;
  readonly shared: SharedCore;
  readonly settings: ThreadSettings;
}

/** A hook as it is sent: where a sendable function is found. */
export interface HookPlace {
  readonly url: string;
  readonly name: string;
}

export type HookPlaces = { readonly [hook: string]: HookPlace };

/** What a thread is given when it is started. */
export interface ThreadStart {
  readonly membership: Membership;
  readonly thread: number;
  readonly role: number;
  readonly preload: readonly string[];
  readonly hooks: HookPlaces;
  /** Where the thread says how it ends: one of the words below. */
  readonly farewell: Int32Array;
}

/** Nothing was said: it lives, or has been killed. */
export const NO_FAREWELL = 0;
/** It ended in order. */
export const IN_ORDER = 1;
/** It is dying, and knows. */
export const DYING = 2;

/** A thread's part of another runtime than the one that has started it. */
export interface GuestPart {
  readonly membership: Membership;
  /** Its record there. */
  readonly record: number;
}

/** What threads say to each other by port. `value` is what encodeForPort gave. */
export type PortLetter =
  /** Says nothing: sent to learn whether there is somebody to send to. */
  | { readonly kind: "alive" }
  /** The payload of the task in `slot`: for thread `to`. */
  | { readonly kind: "payload"; readonly slot: number; readonly to: number; readonly value: Parcel }
  /** Thread `from` is to run the task in `slot` and needs its arguments. */
  | { readonly kind: "want"; readonly slot: number; readonly from: number }
  /** Thread `from` is about to take part in another runtime. */
  | { readonly kind: "joins"; readonly from: number; readonly part: GuestPart }
  /** That runtime is closed. */
  | { readonly kind: "leaves"; readonly from: number; readonly id: string; readonly record: number }
  /** A module named in `preload` could not be imported. */
  | { readonly kind: "failed"; readonly message: string; readonly cause: Uint8Array };

export interface Parcel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly attachments: readonly unknown[];
  /** What is given away with it; the receiver finds the same objects here, in case it has to pass them on. */
  readonly transfer: readonly object[];
}
