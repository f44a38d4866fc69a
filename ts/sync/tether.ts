// Tethers: how the other side of a plain channel learns that a sender or a receiver was lost to the garbage collector.
//
// A handle takes a tether along while it is open and brings it back when it is closed; the collector watches the tethers and not
// the handles. The pool is one for all channels of the thread, so a handle costs a push and a pop, and nothing is registered for it.
//
// T1  A tether is held in one place: the pool while it is in, a handle that is open while it is out. A future that waits by a
//     handle holds the handle. So a tether is collected only when nobody can use its handle any more, in whatever way.
// T2  What the registry holds, the record, knows what is to be closed, never the handle. A channel is held weakly (`Distant`): when
//     all that is left of it are records, nobody is there to be told. A oneshot is too short-lived for that; its state knows of
//     handles only those of who waits.
// T3  A lost end is closed, in the way of its own `[Symbol.dispose]`. That is no error of anybody's, and not reported.
// T4  The collector tells of what it found between turns of the event loop, so never under `blockOn`, and when it likes.

/** What can close an end whose handle was lost. */
export interface Losable {
  /**
   * @param end which end it was, in numbers of the channel's own.
   * @param position what the handle has noted in its record.
   */
  lose(end: number, position: number): void;
}

/** What is known of a tether, also after it was lost. */
export class TetherRecord {
  /** Undefined while the tether is in. */
  channel: Losable | undefined;
  end: number;
  /** For the handle to write into. */
  position: number;

  constructor() {
    this.channel = undefined;
    this.end = 0;
    this.position = 0;
  }
}

/** What a handle holds while it is open. */
export class Tether {
  readonly record: TetherRecord;
  /** The one below it in the pool. */
  next: Tether | undefined;

  constructor(record: TetherRecord) {
    this.record = record;
    this.next = undefined;
  }
}

/** A channel, by a reference that does not keep it. One for all of its ends. */
export class Distant implements Losable {
  private readonly channel: WeakRef<Losable>;

  constructor(channel: Losable) {
    this.channel = new WeakRef(channel);
  }

  lose(end: number, position: number): void {
    this.channel.deref()?.lose(end, position);
  }
}

/** A guess: enough for the questions that are under way at once; more than that are registered as they come. */
const MOST_SPARE = 4_096;

let spare: Tether | undefined;
let spares = 0;

const registry: FinalizationRegistry<TetherRecord> =
  /* @__PURE__ */ new FinalizationRegistry<TetherRecord>(closeLost);

function closeLost(record: TetherRecord): void {
  const channel = record.channel;
  record.channel = undefined;
  channel?.lose(record.end, record.position);
}

function makeTether(): Tether {
  const record = new TetherRecord();
  const tether = new Tether(record);
  registry.register(tether, record);
  return tether;
}

/** A tether for a handle that is open from here on. */
export function takeTether(channel: Losable, end: number): Tether {
  let tether = spare;
  if (tether === undefined) {
    tether = makeTether();
  } else {
    spare = tether.next;
    tether.next = undefined;
    spares -= 1;
  }
  const { record } = tether;
  record.channel = channel;
  record.end = end;
  return tether;
}

/** The handle is closed. Once for each tether that was taken. */
export function returnTether(tether: Tether): void {
  tether.record.channel = undefined;
  // One too many is left to the collector, which finds nothing to close.
  if (spares === MOST_SPARE) return;
  tether.next = spare;
  spare = tether;
  spares += 1;
}
