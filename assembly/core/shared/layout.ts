// Where the parts of a shared primitive stand. Objects, claims and values are blocks of the heap (threads/heap.ts), which are
// aligned to eight bytes.
//
// An object is what all handles of one primitive share, on any thread.
//
//   0  refs         claims on it; the last one frees it
//   4  lock         threads/lock.ts; everything below is touched under it, unless it says otherwise
//   8  kind
//  12  broken       a thread died while it held the lock
//  16  poisoned     a thread died while it held what the object guards
//  20  closed       by the receiver, or by `close`
//  24  strong       senders
//  28  weak         weak senders
//  32  receivers
//  36  permits      free ones; of Notify the stored notification
//  40  maximum      permits there may be; 0 for a channel without bound; of a barrier how many meet
//  44  promised     permits of a channel that are in hands, or were granted
//  48  waiting      head, tail: who waits for permits
//  56  listening    head, tail: who waits for something to happen
//  64  parting      head, tail: who waits for the other side to go
//  72  version      how often something has happened; read without the lock as a hint
//  76  stamp        counts calls of notifyWaiters; of a barrier who has arrived, of a watch how often the value was replaced
//  80  value        a slot: outcome, number
//  96  queue        first chunk, index in it, last chunk, index in it, length; of a broadcast the ring and its mask, and at 112 how
//                 many values are kept
// 116  spare        a chunk that is empty
export const OBJECT_SIZE: i32 = 120;
export const REFS: usize = 0;
export const LOCK: usize = 4;
export const KIND: usize = 8;
export const BROKEN: usize = 12;
export const POISONED: usize = 16;
export const CLOSED: usize = 20;
export const STRONG: usize = 24;
export const WEAK: usize = 28;
export const RECEIVERS: usize = 32;
export const PERMITS: usize = 36;
export const MAXIMUM: usize = 40;
export const PROMISED: usize = 44;
export const WAITING: usize = 48;
export const LISTENING: usize = 56;
export const PARTING: usize = 64;
export const VERSION: usize = 72;
export const STAMP: usize = 76;
export const VALUE: usize = 80;
export const QUEUE_FIRST: usize = 96;
export const QUEUE_FROM: usize = 100;
export const QUEUE_LAST: usize = 104;
export const QUEUE_TO: usize = 108;
export const QUEUE_LENGTH: usize = 112;
export const QUEUE_SPARE: usize = 116;
export const RING_ADDRESS: usize = 96;
export const RING_MASK: usize = 100;
export const RING_KEPT: usize = 112;

export const KIND_SEMAPHORE: i32 = 1;
/** A Mutex or a RwLock: who holds all permits may write, and poisons it by dying. */
export const KIND_LOCK: i32 = 2;
export const KIND_CHANNEL: i32 = 3;
/** One value that is taken once. */
export const KIND_ONESHOT: i32 = 4;
export const KIND_BROADCAST: i32 = 5;
export const KIND_WATCH: i32 = 6;
export const KIND_NOTIFY: i32 = 7;
/** A version and who waits for it: Barrier, SetOnce, CancellationToken. */
export const KIND_CELL: i32 = 8;

// A claim is one thread's part in an object: a handle, a permit, a place in a line. It is the node of the line and what is
// cleared up when the thread dies.
//
//   0  object
//   4  role
//   8  state        read by its owner without the lock
//  12  wanted       permits
//  16  held         permits assigned so far
//  20  waker        slot and generation of a task, or -1 - thread and what that thread knows the waker by
//  28  next, previous, list: within a line of the object
//  40  next, previous of its owner's claims; next of a value's
//  48  owner        thread + 1; 0 while it travels in a value
//  52  cursor       what its holder has seen: a version, a position
export const CLAIM_SIZE: i32 = 56;
export const CLAIM_OBJECT: usize = 0;
export const CLAIM_ROLE: usize = 4;
export const CLAIM_STATE: usize = 8;
export const CLAIM_WANTED: usize = 12;
export const CLAIM_HELD: usize = 16;
export const CLAIM_SLOT: usize = 20;
export const CLAIM_GENERATION: usize = 24;
export const CLAIM_NEXT: usize = 28;
export const CLAIM_PREVIOUS: usize = 32;
export const CLAIM_LIST: usize = 36;
export const CLAIM_MINE_NEXT: usize = 40;
export const CLAIM_MINE_PREVIOUS: usize = 44;
export const CLAIM_OWNER: usize = 48;
export const CLAIM_CURSOR: usize = 52;

/** What it held has moved to another claim. */
export const ROLE_NOTHING: i32 = 0;
/** Keeps the object alive. */
export const ROLE_REFERENCE: i32 = 1;
export const ROLE_SENDER: i32 = 2;
export const ROLE_WEAK: i32 = 3;
export const ROLE_RECEIVER: i32 = 4;
export const ROLE_PERMITS: i32 = 5;
export const ROLE_LISTENER: i32 = 6;
export const ROLE_NOTIFIED: i32 = 7;

export const STATE_IDLE: i32 = 0;
/** Granted, and not seen yet. Of a listener: look again. */
export const STATE_READY: i32 = 1;
export const STATE_WAITING: i32 = 2;
export const STATE_CLOSED: i32 = 3;
/** Its owner has seen that it was granted, and uses it. */
export const STATE_HELD: i32 = 4;
/** Of a Notified: chosen by notifyLast, or woken with all others. */
export const STATE_LAST: i32 = 5;
export const STATE_ALL: i32 = 6;
/** What polls answer of a broken object. */
export const STATE_BROKEN: i32 = 7;

// A value that is more than a number: bytes, and the claims of the handles among them.
//
//  0  pins      who reads it or keeps it; the last one frees it
//  4  length    bytes
//  8  claims    first of a chain
// 16  bytes
export const VALUE_PINS: usize = 0;
export const VALUE_LENGTH: usize = 4;
export const VALUE_CLAIMS: usize = 8;
export const VALUE_BYTES: usize = 16;

// A slot holds a value: how it is written (ts/runtime/core/binding.ts, OUTCOME_*) as u32, and at 8 a number or a block's
// address as f64. From BYTES on it is a block.
export const SLOT_SIZE: usize = 16;
export const SLOT_NUMBER: usize = 8;
export const OUTCOME_EMPTY: i32 = 0;
export const OUTCOME_BYTES: i32 = 5;

/** A chunk of a queue: the next one, then slots; few for the model checker. */
export const CHUNK_SIZE: i32 = 1016;
export const CHUNK_SLOTS: i32 = isDefined(TOKIWA_MODEL) ? 2 : 63;
export const CHUNK_FIRST: usize = 8;
