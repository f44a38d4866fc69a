// Where everything lives in linear memory. This file owns every offset; no other file holds a number that is an address.
//
// The core keeps no managed object, no string and no mutable static: several instances share one memory, and a second
// instance would run the first one's initialisers again. What is per thread is a Wasm global, what is shared is here.
//
//       0  ┌──────────────────────────────────────────────┐
//          │ reserved: the check build's assertion texts  │ 64 KiB, all zero in a release
//   65536  ├──────────────────────────────────────────────┤
//          │ header: limits and counts                    │ 256 B
//   65792  ├──────────────────────────────────────────────┤
//          │ task directory: page address × 4096          │ 16 KiB
//   82176  ├──────────────────────────────────────────────┤
//          │ timer directory: page address × 4096         │ 16 KiB
//   98560  ├──────────────────────────────────────────────┤
//          │ trace directory: page address × 4096         │ 16 KiB
//  114944  ├──────────────────────────────────────────────┤
//          │ worker records, 4 KiB each                   │
//          ├──────────────────────────────────────────────┤
//          │ pages of 64 KiB, given to the slabs and to   │
//          │ the trace as they grow                       │
//          └──────────────────────────────────────────────┘
//
// A slab is a directory of pages and not one array, because two things that grow cannot both be last in memory.

export const PAGE_SHIFT: i32 = 16;
export const PAGE_SIZE: i32 = 1 << PAGE_SHIFT;
export const DIRECTORY_PAGES: i32 = 4096;

export const HEADER: usize = 65536;
export const TASK_DIRECTORY: usize = HEADER + 256;
export const TIMER_DIRECTORY: usize = TASK_DIRECTORY + 16384;
export const TRACE_DIRECTORY: usize = TIMER_DIRECTORY + 16384;
export const WORKERS: usize = TRACE_DIRECTORY + 16384;
export const WORKER_SIZE: usize = 4096;

// Header, all u32.
export const HEADER_TASK_LIMIT: usize = 0; // most slots there may be
export const HEADER_TASK_COUNT: usize = 4; // slots ever made
export const HEADER_TASK_FREE: usize = 8; // head of the free list, as a link
export const HEADER_TASK_ALIVE: usize = 12; // slots in use
export const HEADER_TIMER_LIMIT: usize = 16;
export const HEADER_TIMER_COUNT: usize = 20;
export const HEADER_TIMER_FREE: usize = 24;
export const HEADER_TIMER_ALIVE: usize = 28;

// A task header, 64 bytes: one cache line, so that two threads on two tasks never share one.
//
//   0  state        u32  task/state.ts
//   4  generation   u32  low 31 bits of the task's id; 0 while the slot is free
//   8  next         u32  the next header in the one list that holds the task: run queue, deferred list; or a free link
//  12  polls        u32  how often it was polled
//  16  slot         u32  its number; never changes
//  20  …            44 B for multi_thread: home worker, result
export const TASK_SHIFT: i32 = 6;
export const TASKS_PER_PAGE_SHIFT: i32 = PAGE_SHIFT - TASK_SHIFT;
export const TASK_STATE: usize = 0;
export const TASK_GENERATION: usize = 4;
export const TASK_NEXT: usize = 8;
export const TASK_POLLS: usize = 12;
export const TASK_SLOT: usize = 16;

// A timer entry, 32 bytes.
//
//   0  deadline     u64  tick at which it fires
//   8  previous     u32  links within its slot of the wheel
//  12  next         u32
//  16  task         u32  slot to wake, or FOREIGN
//  20  generation   u32  of that task
//  24  key          u32  names this registration; 0 while the entry is free
//  28  place        u32  level × 64 + slot, or PLACE_FOREIGN once fired for a foreign waker
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

// A worker record. Only its own thread touches it; the parts that other threads may reach come with multi_thread.
//
//    0  queue head, tail              addresses of headers: tasks to run, in order
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
