// What a thread does that a runtime has started: it joins the runtime's memory, imports what it is told to, and takes turns
// until the runtime is closed, or until it has been idle for long enough if it is one of the blocking pool.

import type { Host, OwnThread } from "../../../host/types.js";
import { encodeThrown, scratch } from "../../../send/codec.js";
import { installDriver } from "../../context.js";
import { ROLE_BLOCKING } from "../../core/binding.js";
import { defaultOptions } from "../../defaults.js";
import { setThreadScheduler, setWorkerThread } from "../../entered.js";
import { ModuleLoadError } from "../../errors.js";
import type { RuntimeMetrics } from "../../metrics.js";
import type { Hooks, RuntimeOptions } from "../../options.js";
import { type Keeper, remember, setKeeper } from "./attached.js";
import { attachBeside } from "./attachments.js";
import type { Module } from "./functions.js";
import {
  DYING,
  type GuestPart,
  IN_ORDER,
  type Membership,
  NO_FAREWELL,
  type Parcel,
  type PortLetter,
  type ThreadStart,
} from "./membership.js";
import { LOOK_AROUND_MS, MultiThread, type ThreadDuties } from "./multi-thread.js";
import { poolMetrics } from "./pool-metrics.js";

type AnyHook = (...args: never[]) => unknown;

class StartedThread implements ThreadDuties, Keeper {
  private readonly own: OwnThread;
  private readonly start: ThreadStart;
  private readonly scheduler: MultiThread;

  constructor(own: OwnThread, hooks: Hooks, modules: Map<string, Module>) {
    this.own = own;
    this.start = own.data as ThreadStart;
    const { membership, thread, role } = this.start;
    const options: RuntimeOptions = { ...defaultOptions(), ...membership.settings, hooks };
    this.scheduler = new MultiThread(options, membership, thread, role, this, modules);
    setThreadScheduler(this.scheduler);
    remember(this.scheduler);
    setKeeper(this);
    own.onReceivable(() => this.receive());
    own.onExit(() => this.dying());
    this.callHook("onThreadStart", hooks.threadStart);
    this.scheduler.start();
  }

  private callHook(name: string, hook: ((thread: number) => void) | undefined): void {
    try {
      hook?.(this.start.thread);
    } catch (error) {
      this.scheduler.reportError(`the ${name} hook threw`, error);
    }
  }

  beforeTurn(): void {}

  afterBlocking(): void {}

  mostBlockedMs(): number {
    return LOOK_AROUND_MS;
  }

  beforeSpawn(): void {}

  hasOtherThreads(): boolean {
    return true;
  }

  beside(membership: Membership): MultiThread {
    return attachBeside(membership);
  }

  send(slot: number, to: number, value: Parcel): void {
    this.post({ kind: "payload", slot, to, value }, value.transfer);
  }

  request(slot: number): void {
    this.post({ kind: "want", slot, from: this.start.thread }, []);
  }

  private post(letter: PortLetter, transfer: readonly object[]): void {
    this.own.post(letter, transfer);
  }

  joins(part: GuestPart): void {
    this.post({ kind: "joins", from: this.start.thread, part }, []);
    // Partner: ThreadPool.mayEnd, which reads these letters after it has stopped the thread.
    this.scheduler.core.heedStop();
  }

  leaves(id: string, record: number): void {
    this.post({ kind: "leaves", from: this.start.thread, id, record }, []);
  }

  receive(): void {
    for (let letter = this.own.receive(); letter !== undefined; letter = this.own.receive())
      this.onLetter(letter as PortLetter);
  }

  private onLetter(letter: PortLetter): void {
    if (letter.kind === "payload") {
      this.scheduler.payloads.receive(letter.slot, letter.value);
    } else if (letter.kind === "want") {
      const parcel = this.scheduler.payloads.give(letter.slot);
      if (parcel !== undefined) this.send(letter.slot, letter.from, parcel);
    }
  }

  /** A parcel for a task that was spawned here stays here: there is no way to another worker but through the owner. */
  chooseWorker(): undefined {
    return undefined;
  }

  metrics(): RuntimeMetrics {
    const { core } = this.scheduler;
    return poolMetrics(core, this.scheduler, core.workerCount(), () => 0);
  }

  finished(): void {
    this.scheduler.close();
    this.callHook("onThreadStop", this.scheduler.options.hooks.threadStop);
    Atomics.store(this.start.farewell, 0, IN_ORDER);
    this.own.exit();
  }

  /** The owner hears of an end by its event loop, which `blockOn` stops: so it is told in shared memory too. */
  private dying(): void {
    const { farewell } = this.start;
    if (Atomics.compareExchange(farewell, 0, NO_FAREWELL, DYING) !== NO_FAREWELL) return;
    const { core } = this.scheduler;
    core.unpark(core.ownerThread());
  }

  idled(): void {
    if (this.start.role === ROLE_BLOCKING) this.finished();
  }
}

async function importHooks(host: Host, start: ThreadStart): Promise<Hooks> {
  const hooks: { [name: string]: AnyHook } = {};
  for (const [hook, { url, name }] of Object.entries(start.hooks)) {
    const module = await host.threads?.load(url);
    if (typeof module?.[name] !== "function")
      throw new ModuleLoadError(url, name, "exports no function of that name");
    hooks[hook] = module[name] as AnyHook;
  }
  return hooks as Hooks;
}

async function importModules(
  host: Host,
  own: OwnThread,
  start: ThreadStart,
  modules: Map<string, Module>,
): Promise<Hooks | undefined> {
  let url = "";
  try {
    for (url of start.preload) modules.set(url, (await host.threads?.load(url)) as Module);
    url = "a module with a hook";
    return await importHooks(host, start);
  } catch (error) {
    const length = encodeThrown(error);
    const letter: PortLetter = {
      kind: "failed",
      message: `a worker could not import ${url}: name modules by absolute URLs, and see the cause`,
      cause: scratch().slice(0, length),
    };
    own.post(letter, []);
    return undefined;
  }
}

/** Makes this thread part of the runtime that has started it. */
export async function runThread(host: Host, own: OwnThread): Promise<void> {
  const start = own.data as ThreadStart;
  setWorkerThread();
  installDriver();
  const modules = new Map<string, Module>();
  const hooks = await importModules(host, own, start, modules);
  if (hooks !== undefined) new StartedThread(own, hooks, modules);
  // The owner ends the runtime, and this thread with it; until then it has to be there, or it would count as dead.
  else own.onReceivable(() => {});
}
