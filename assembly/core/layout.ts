// Where everything lives in linear memory. This file owns every offset; no other file holds a number that is an address.
//
// The core keeps no managed object, no string and no mutable static: several instances share one memory, and a second
// instance would run the first one's initialisers again. What is per thread is a Wasm global, what is shared is here.
//
//       0  ┌──────────────────────────────────────────────┐
//          │ reserved: the check build's assertion texts  │ 64 KiB, all zero in a release
//   65536  ├──────────────────────────────────────────────┤
//          │ header: limits, counts, what threads share   │ 1 KiB
//   66560  ├──────────────────────────────────────────────┤
//          │ task directory: page address × 4096          │ 16 KiB
//   82944  ├──────────────────────────────────────────────┤
//          │ timer directory: page address × 4096         │ 16 KiB
//   99328  ├──────────────────────────────────────────────┤
//          │ trace directory: page address × 4096         │ 16 KiB
//  115712  ├──────────────────────────────────────────────┤
//          │ function directory: address of a name × 4096 │ 16 KiB
//  132096  ├──────────────────────────────────────────────┤
//          │ thread records, 8 KiB each                   │ one without threads, else 1,024
//          ├──────────────────────────────────────────────┤
//          │ pages of 64 KiB, given to the slabs, to the  │
//          │ trace and to the heap as they grow           │
//          └──────────────────────────────────────────────┘
//
// A slab is a directory of pages and not one array, because two things that grow cannot both be last in memory. A record
// that no thread has used yet is untouched zero memory, which costs address space and nothing else.

export const PAGE_SHIFT: i32 = 16;
export const PAGE_SIZE: i32 = 1 << PAGE_SHIFT;
export const DIRECTORY_PAGES: i32 = 4096;

export const HEADER: usize = 65536;
export const TASK_DIRECTORY: usize = HEADER + 1024;
export const TIMER_DIRECTORY: usize = TASK_DIRECTORY + 16384;
export const TRACE_DIRECTORY: usize = TIMER_DIRECTORY + 16384;
export const FUNCTION_DIRECTORY: usize = TRACE_DIRECTORY + 16384;
export const WORKERS: usize = FUNCTION_DIRECTORY + 16384;
export const WORKER_SIZE: usize = 8192;

// Header. Words that several threads change stand on cache lines of their own, two lines apart because processors fetch
// lines in pairs.
//
//    0  limits and counts of the slabs     u32 each
//   32  closed                             the runtime is being shut down
//   36  workers                            records of workers and substitutes that were ever in use: who is searched for work
//   40  cores                              how many threads the machine runs at once
//   44  threads                            records that were ever in use
//   48  global interval                    polls between two looks at the injector first; 0: tuned by measurement
//   52  base workers                       how many workers there are
//   56  last id                            u64
//   64  reserved                           records kept for workers and substitutes
//   68  pages                              given out behind the records, with threads
//  128  starting blocking threads          bit n: thread n is being started; 32 × u32
//  256  idle words                         16 × u64, bit n: a worker is parked; bit 32 + n: it searches
//  384  injector: lock, head, tail, length
//  512  blocking queue: lock, head, tail, length, pool (threads/blocking.ts), most threads
//  576  idle blocking threads              bit n: thread n is idle; 32 × u32
//  704  function table: lock, count
//  772  blocked                            workers that block in place: as many substitutes are on duty
//  776  owner                              index of the thread that starts others, + 1
//  780  substitute wanted                  the owner is asked to start substitutes that are on duty and not there
//  784  losses                             threads that have died
export const HEADER_TASK_LIMIT: usize = 0; // most slots there may be
export const HEADER_TASK_COUNT: usize = 4; // slots ever made
export const HEADER_TIMER_LIMIT: usize = 8;
export const HEADER_TIMER_COUNT: usize = 12;
export const HEADER_CLOSED: usize = 32;
export const HEADER_WORKERS: usize = 36;
export const HEADER_CORES: usize = 40;
export const HEADER_THREADS: usize = 44;
export const HEADER_GLOBAL_INTERVAL: usize = 48;
export const HEADER_BASE_WORKERS: usize = 52;
export const HEADER_LAST_ID: usize = 56;
export const HEADER_RESERVED: usize = 64;
export const HEADER_PAGES: usize = 68;
export const HEADER_BLOCKING_STARTING: usize = 128;
export const HEADER_SLEEPERS: usize = 256;
export const HEADER_INJECTOR: usize = 384;
export const HEADER_BLOCKING: usize = 512;
export const HEADER_BLOCKING_IDLE: usize = 576;
export const HEADER_FUNCTIONS: usize = 704;
export const HEADER_BLOCKED: usize = 772;
export const HEADER_OWNER: usize = 776;
export const HEADER_SUBSTITUTE_WANTED: usize = 780;
export const HEADER_LOSSES: usize = 784;

export const MOST_THREADS: i32 = ASC_FEATURE_THREADS ? 1024 : 1;
/** Of those that are given out. Under the model checker, whose memory has few records, tests/model/explorer/machine.ts. */
export const FIRST_PAGE: i32 = isDefined(TOKIWA_MODEL)
  ? 16
  : (((WORKERS + (MOST_THREADS as usize) * WORKER_SIZE + 65535) >> 16) as i32);
export const MOST_FUNCTIONS: i32 = 4096;

// A task header: one cache line, so that two threads on two tasks never share one; with threads two, for the second holds
// arguments and results that are small.
//
//   0  state        u32  state.ts
//   4  generation   u32  low 31 bits of the task's id; 0 while the slot is free. Beside the state: one 64-bit word
//   8  next         u32  the next header in the one list that holds the task: run queue, deferred, injector, inbox; or a free link
//  12  polls        u32  how often it was polled
//  16  slot         u32  its number; never changes
//  20  home         i32  thread + 1: only that thread may poll it. -(thread + 1): not started, in that thread's hands. 0: injector
//  24  joiner       u32  thread + 1 to which its end is delivered; 0 for a task whose handle is on its own thread
//  28  function     u32  number of the sendable function; 0 for a local task
//  32  id           f64
//  40  payload      u32  address of the arguments, later the result; inline or a block of the heap
//  44  length       u32  bytes there
//  48  outcome      u32  how it ended: TypeScript's word
//  52  kind         u32  local, sendable, blocking
//  56  number       f64  a single number as argument or result: never encoded
//  64  inline       60 B
// 124  claims       u32  first claim of the handles that travel with the payload
export const TASK_SHIFT: i32 = ASC_FEATURE_THREADS ? 7 : 6;
export const TASKS_PER_PAGE_SHIFT: i32 = PAGE_SHIFT - TASK_SHIFT;
export const TASK_STATE: usize = 0;
export const TASK_GENERATION: usize = 4;
export const TASK_NEXT: usize = 8;
export const TASK_POLLS: usize = 12;
export const TASK_SLOT: usize = 16;
export const TASK_HOME: usize = 20;
export const TASK_JOINER: usize = 24;
export const TASK_FUNCTION: usize = 28;
export const TASK_ID: usize = 32;
export const TASK_PAYLOAD: usize = 40;
export const TASK_LENGTH: usize = 44;
export const TASK_OUTCOME: usize = 48;
export const TASK_KIND: usize = 52;
export const TASK_NUMBER: usize = 56;
export const TASK_INLINE: usize = 64;
export const INLINE_SIZE: i32 = 60;
export const TASK_CLAIMS: usize = 124;

// A timer entry, 32 bytes.
//
//   0  deadline     u64  tick at which it fires
//   8  previous     u32  links within its slot of the wheel
//  12  next         u32
//  16  task         u32  slot to wake, or FOREIGN
//  20  generation   u32  of that task; the link of the cancelled list once another thread has cancelled it
//  24  key          i32  names this registration; 0 while the entry is free, negative once another thread has cancelled it
//  28  place        u32  owner thread << 16 | level × 64 + slot, or one of the two places below
export const TIMER_SHIFT: i32 = 5;
export const TIMERS_PER_PAGE_SHIFT: i32 = PAGE_SHIFT - TIMER_SHIFT;
export const TIMER_DEADLINE: usize = 0;
export const TIMER_PREVIOUS: usize = 8;
export const TIMER_NEXT: usize = 12;
export const TIMER_TASK: usize = 16;
export const TIMER_TASK_GENERATION: usize = 20;
export const TIMER_KEY: usize = 24;
export const TIMER_PLACE: usize = 28;
export const FOREIGN: i32 = -1;

// A trace record, 16 bytes: kind u32, task generation u32, tick f64.
export const TRACE_SHIFT: i32 = 4;
export const TRACES_PER_PAGE_SHIFT: i32 = PAGE_SHIFT - TRACE_SHIFT;

// A thread's record. What stands before 3328 only its own thread touches, and the counters, which others read without care
// for the last digit.
//
//    0  queue head, tail              addresses of headers: tasks of this thread to run, in order
//   16  deferred head, tail           tasks that yielded: they run after the driver
//   24  lifo                          the task woken last, run next
//   28  lifo run                      how many came out of the lifo slot in a row
//   32  lifo enabled
//   36  driver at                     the poll count at which the driver has its turn
//   40  event interval                polls between two driver turns
//   44  poll count                    u32, wraps
//   48  trace count                   records in the trace; u32
//   52  trace on
//   56  foreign fired head            links of fired timers whose waker is not a task of this core
//   64  random streams                8 × u64
//  128  wheel: elapsed                u64 ticks
//  136  wheel: occupied               6 × u64, bit n: slot n is not empty
//  192  wheel: slots                  6 × 64 × {head, tail}
// 3264  slab of tasks: free link, fresh from, fresh to, alive; the same of timers
export const QUEUE_HEAD: usize = 0;
export const QUEUE_TAIL: usize = 4;
export const DEFERRED_HEAD: usize = 16;
export const DEFERRED_TAIL: usize = 20;
export const LIFO: usize = 24;
export const LIFO_RUN: usize = 28;
export const LIFO_ENABLED: usize = 32;
export const DRIVER_AT: usize = 36;
export const EVENT_INTERVAL: usize = 40;
export const POLL_COUNT: usize = 44;
export const TRACE_COUNT: usize = 48;
export const TRACE_ON: usize = 52;
export const FOREIGN_FIRED: usize = 56;
export const RANDOM: usize = 64;
export const RANDOM_STREAMS: i32 = 8;
export const WHEEL_ELAPSED: usize = 128;
export const WHEEL_OCCUPIED: usize = 136;
export const WHEEL_SLOTS: usize = 192;
export const TASK_SLAB: usize = 3264;
export const TIMER_SLAB: usize = 3280;

// The parts that other threads reach, each on lines of its own.
//
// 3328  park                          EMPTY, PARKED, NOTIFIED: threads/parking.ts
// 3456  inbox                         newest header of a chain: wakes of tasks pinned here, and ends to deliver here
// 3460  signals                       newest link of a chain: wakers to call here that are no tasks of this memory
// 3464  signals missed                all of them are to be called: there was no memory for a link
// 3584  cancelled timers              newest entry of a chain
// 3588  freed blocks                  newest block of a chain: blocks of this thread's heap that others gave back
// 3712  ring head                     u64: steal << 32 | real
// 3840  ring tail                     u32
// 3844  thief, theft                  thread + 1 that is stealing from this ring; how many tasks it claimed
// 3904  ring                          256 × address of a header
// 4928  state, role                   threads/registry.ts
// 4936  stopped                       another thread is about to end this one: threads/dismissal.ts
// 4940  blocked                       how often this thread is counted in the header's word of that name: threads/substitutes.ts
export const PARK: usize = 3328;
export const INBOX: usize = 3456;
export const SIGNALS: usize = 3460;
export const SIGNALS_MISSED: usize = 3464;
export const CANCELLED_TIMERS: usize = 3584;
export const FREED_BLOCKS: usize = 3588;
export const RING_HEAD: usize = 3712;
export const RING_TAIL: usize = 3840;
export const RING_THIEF: usize = 3844;
export const RING_THEFT: usize = 3848;
export const RING: usize = 3904;
export const THREAD_STATE: usize = 4928;
export const THREAD_ROLE: usize = 4932;
export const STOPPED: usize = 4936;
export const BLOCKED: usize = 4940;

// Again only its own thread's.
//
// 4992  current                       header of the task being polled
// 4996  searching                     whether this worker is counted as searching
// 5000  in park                       whether this worker set its bit among the sleepers and has not looked at it since
// 5004  turn                          counts looks for a task, for the global interval and for whose turn it is
// 5008  global interval               the one in force
// 5012  spins                         how long the last searches took, adaptive
// 5016  batch polls                   the poll count when the batch under way began
// 5020  expects                       what the last search of a thread that does not steal expected
// 5024  batch start                   f64 ms
// 5032  mean poll                     f64 ms, moving average
// 5040  claims                        the newest of this thread's claims on shared primitives: shared/claim.ts
// 5044  garbage                       claims to be dropped
// 5048  woken                         whether something was woken since TypeScript looked
// 5052  losses seen                   of HEADER_LOSSES
// 5056  signal links                  what is on its way from the signals, oldest first
// 5060  dropping                      the claim of the garbage that is being dropped
// 5064  result                        of an operation on a shared primitive: f64, i32, i32
// 5212  leaving                       this thread of the blocking pool is about to end
// 5216  draining, drained             what is on its way from the inbox to the list
// 5224  delivering, generation        the task whose end is being delivered
// 5232  importing                     modules whose import is under way here
// 5236  calls                         calls of the blocking pool that have begun here and not ended
// 5240  woke                          whether this thread has woken another since it last waited
// 5244  inside                        whether a visit is under way; read by a thread that is about to end this one
// 5248  counters                      u32 each, COUNT_*
// 5376  heap                          20 × {free, fresh from, fresh to}
// 5632  wakes                         32 × {slot, generation}: to be called when a lock has been let go
// 5888  batch                         63 slots of values that were received together
export const CURRENT: usize = 4992;
export const SEARCHING: usize = 4996;
export const IN_PARK: usize = 5000;
export const TURN: usize = 5004;
export const GLOBAL_INTERVAL: usize = 5008;
export const SPINS: usize = 5012;
export const BATCH_POLLS: usize = 5016;
export const EXPECTS: usize = 5020;
export const BATCH_START: usize = 5024;
export const MEAN_POLL: usize = 5032;
export const CLAIMS: usize = 5040;
export const GARBAGE: usize = 5044;
export const WOKEN: usize = 5048;
export const LOSSES_SEEN: usize = 5052;
export const SIGNAL_LINKS: usize = 5056;
export const DROPPING: usize = 5060;
export const RESULT: usize = 5064;
export const HEAP: usize = 5376;
export const WAKES: usize = 5632;
export const BATCH: usize = 5888;
export const LEAVING: usize = 5212;
export const DRAINING: usize = 5216;
export const DRAINED: usize = 5220;
export const WOKE: usize = 5240;
export const INSIDE: usize = 5244;
export const CALLS: usize = 5236;
export const IMPORTING: usize = 5232;
export const DELIVERING: usize = 5224;
export const DELIVERING_GENERATION: usize = 5228;
export const COUNTERS: usize = 5248;

export const COUNT_PARKS: usize = COUNTERS;
export const COUNT_UNPARKS: usize = COUNTERS + 4;
export const COUNT_NOOPS: usize = COUNTERS + 8; // unparked, and found nothing to do
export const COUNT_STOLEN: usize = COUNTERS + 12; // tasks
export const COUNT_STEALS: usize = COUNTERS + 16; // operations
export const COUNT_OVERFLOWS: usize = COUNTERS + 20;
export const COUNT_REMOTE: usize = COUNTERS + 28; // tasks this thread put into the injector
export const COUNT_STARTED: usize = COUNTERS + 32; // sendable tasks that had their first poll here
export const COUNT_SPAWNED: usize = COUNTERS + 36;
export const COUNT_DELIVERED: usize = COUNTERS + 40;
