// The asynchronous context of a call: what each AsyncLocalStorage of the program holds there.
//
// X1  `capture` finds out whether anything is held before it keeps anything: a task spawned in no context pays for none.
// X2  `outside` calls back in the context in which this module was loaded, whoever asked for the call: what one request holds is
//     not seen by the tasks of another.
// X3  What the library's own storage holds does not count as a context.
//
// Node has two ways to keep a store, and tells of neither. At first it was a property of the resource that executes, which
// `AsyncLocalStorage.run` sets and puts back; now it is in a frame that every AsyncResource takes along. Where neither is found,
// every call counts as one in a context, which costs time and nothing else. It is not tried out: a storage that has been used
// once makes all promises of the process slower.

import { AsyncLocalStorage, AsyncResource, executionAsyncId } from "node:async_hooks";

export type Enter = <T>(callback: () => T) => T;

/** The library's own: which async function is running. */
export const storage: AsyncLocalStorage<object> = new AsyncLocalStorage<object>();

type Held = Record<symbol, unknown>;

/** Its end is of no interest: the hooks are not told, so that the collector need not be asked. */
function newResource(): AsyncResource {
  return new AsyncResource("tokiwa", { requireManualDestroy: true });
}

const root: AsyncResource = newResource();
/** Every resource of `outside` has it. Asked for the resource itself, Node looks a property of it up: slow for a proxy. */
const rootId: number = root.asyncId();
const rootKeys: readonly symbol[] = Object.getOwnPropertySymbols(root);
/** The property that holds the library's own store, where stores are properties. */
const storeKey: unknown = (storage as unknown as { kResourceStore?: unknown }).kResourceStore;
const frameKey: symbol | undefined = rootKeys.find((key) => key.description === "context_frame");
const inResources: boolean = typeof storeKey === "symbol";
const inFrames: boolean = !inResources && frameKey !== undefined;

/** The resource of `outside`. A proxy: where stores are properties of it, it notices that one was set. */
let neutral: AsyncResource = newNeutral();
let isTouched = false;

function newNeutral(): AsyncResource {
  return new Proxy(Object.create(root) as AsyncResource, {
    set(target, key, value) {
      isTouched = true;
      return Reflect.set(target, key, value);
    },
  });
}

/** Whether a frame holds nothing, or what is the library's (X3). */
function isOurs(frame: unknown): boolean {
  return frame === undefined || (frame instanceof Map && frame.size === 1 && frame.has(storage));
}

function isEmpty(resource: AsyncResource): boolean {
  const held = resource as unknown as Held;
  if (inFrames) return isOurs(held[frameKey as symbol]);
  if (!inResources) return false;
  return Object.getOwnPropertySymbols(held).every(
    (key) => held[key] === undefined || key === storeKey || rootKeys.includes(key),
  );
}

/** Something that runs other calls in the context of this one; undefined when nothing is held here (X1). */
export function capture(): Enter | undefined {
  if (inResources && !isTouched && executionAsyncId() === rootId) return undefined;
  const resource = newResource();
  if (isEmpty(resource)) return undefined;
  return (callback) => resource.runInAsyncScope(callback);
}

/** Calls back in no context (X2). */
export function outside<T>(callback: () => T): T {
  // A store that was entered and never left would be there for all that comes after.
  if (isTouched) {
    isTouched = false;
    neutral = newNeutral();
  }
  return neutral.runInAsyncScope(callback);
}
