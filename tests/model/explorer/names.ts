// Addresses by their names in assembly/core/layout.ts, for traces: "record 1 RING+8", "task 0 STATE", "block 2 LOCK or CLAIM_ROLE".

import { FIRST_FREE_PAGE, type Instance, type Machine, PAGE } from "./machine.js";
import type { Core } from "./model.js";

interface Field {
  readonly name: string;
  readonly offset: number;
}

interface Layout {
  readonly header: readonly Field[];
  readonly task: readonly Field[];
  readonly timer: readonly Field[];
  readonly worker: readonly Field[];
}

/** Constants that are no offsets of fields. */
const NOT_FIELDS =
  /(_SHIFT|_SIZE|_PAGES|_DIRECTORY|_STREAMS|^MOST_.*|^WORKERS|^FOREIGN|^HEADER|_LEVELS)$/;
const PREFIXES = ["HEADER_", "TASK_", "TIMER_", "TRACE_", "INLINE_"];
/** Begin like fields of a task or a timer, and are fields of a worker. */
const WORKER_FIELDS = ["TASK_SLAB", "TIMER_SLAB", "TRACE_COUNT", "TRACE_ON"];

/** Workers, substitutes, others. */
const MOST_RECORDS = 24;

const layouts = new WeakMap<Machine, Layout>();

function fieldsOf(constants: readonly (readonly [string, number])[], prefix: string): Field[] {
  return constants
    .filter(
      ([name]) =>
        name.startsWith(prefix) && !WORKER_FIELDS.includes(name) && !NOT_FIELDS.test(name),
    )
    .map(([name, offset]) => ({ name: name.slice(prefix.length), offset }))
    .sort((a, b) => a.offset - b.offset);
}

function layoutOf(machine: Machine): Layout {
  const known = layouts.get(machine);
  if (known !== undefined) return known;
  const constants = machine.instances[0]?.constants("layout") ?? [];
  const others = constants.filter(
    ([name]) =>
      WORKER_FIELDS.includes(name) ||
      (!PREFIXES.some((prefix) => name.startsWith(prefix)) && !NOT_FIELDS.test(name)),
  );
  const layout = {
    header: fieldsOf(constants, "HEADER_"),
    task: fieldsOf(constants, "TASK_"),
    timer: fieldsOf(constants, "TIMER_"),
    worker: others.map(([name, offset]) => ({ name, offset })).sort((a, b) => a.offset - b.offset),
  };
  layouts.set(machine, layout);
  return layout;
}

function nameField(fields: readonly Field[], offset: number): string {
  const field = fields.findLast((candidate) => candidate.offset <= offset);
  if (field === undefined) return `+${offset}`;
  return field.offset === offset ? field.name : `${field.name}+${offset - field.offset}`;
}

/** The slot and the offset of an address in a slab. */
function findSlot(core: Core, slab: string, address: number): [number, number] | undefined {
  const directory = core.constant(`layout.${slab}_DIRECTORY`);
  const shift = core.constant(`layout.${slab}_SHIFT`);
  const pageShift = core.constant("layout.PAGE_SHIFT");
  for (let index = 0; index < 16; index++) {
    const page = core.word(directory + index * 4);
    const offset = address - page;
    if (page === 0 || offset < 0 || offset >= 1 << pageShift) continue;
    return [(index << (pageShift - shift)) + (offset >> shift), offset & ((1 << shift) - 1)];
  }
  return undefined;
}

function nameDirectory(core: Core, address: number): string | undefined {
  const entries = core.constant("layout.DIRECTORY_PAGES");
  for (const slab of ["TASK", "TIMER"]) {
    const index = (address - core.constant(`layout.${slab}_DIRECTORY`)) / 4;
    if (index >= 0 && index < entries) return `${slab.toLowerCase()} directory ${index}`;
  }
  return undefined;
}

/** Blocks of the heap's smallest class, which objects and claims are. */
const BLOCK_SIZE = 128;
const BLOCK_HEADER = 8;
const SHARED_FIELDS = /^(CLAIM_|VALUE_|SLOT_|CHUNK_|OUTCOME_|KIND_|ROLE_|STATE_|OBJECT_)/;

/** What stands at this place in an object, and in a claim: which of both the block is nobody can tell from outside. */
function nameInBlock(core: Core & Partial<Instance>, address: number): string {
  const constants = core.constants?.("sharedLayout") ?? [];
  const offset = (address % BLOCK_SIZE) - BLOCK_HEADER;
  const at = constants.filter(([, value]) => value === offset).map(([name]) => name);
  const object = at.find((name) => !SHARED_FIELDS.test(name));
  const claim = at.find((name) => name.startsWith("CLAIM_") && name !== "CLAIM_SIZE");
  const field = [object, claim].filter((name) => name !== undefined).join(" or ");
  return `block ${(Math.floor(address / BLOCK_SIZE) * BLOCK_SIZE).toString(16)} ${field === "" ? `+${offset}` : field}`;
}

export function nameAddress(machine: Machine, address: number): string {
  const core = machine.instances[0] as Core;
  const layout = layoutOf(machine);
  const workers = core.constant("layout.WORKERS");
  const size = core.constant("layout.WORKER_SIZE");
  const index = Math.floor((address - workers) / size);
  if (index >= 0 && index < MOST_RECORDS)
    return `record ${index} ${nameField(layout.worker, address - workers - index * size)}`;
  const task = findSlot(core, "TASK", address);
  if (task !== undefined) return `task ${task[0]} ${nameField(layout.task, task[1])}`;
  const timer = findSlot(core, "TIMER", address);
  if (timer !== undefined) return `timer ${timer[0]} ${nameField(layout.timer, timer[1])}`;
  const directory = nameDirectory(core, address);
  if (directory !== undefined) return directory;
  const header = core.constant("layout.HEADER");
  if (address >= header && address < core.constant("layout.TASK_DIRECTORY"))
    return `header ${nameField(layout.header, address - header)}`;
  if (address >= FIRST_FREE_PAGE * PAGE) return nameInBlock(core, address);
  return `0x${address.toString(16)}`;
}
