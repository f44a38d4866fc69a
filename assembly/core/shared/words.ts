// Fields of the structures in layout.ts.

export function field(address: usize, offset: usize): i32 {
  return load<i32>(address + offset);
}

export function setField(address: usize, offset: usize, value: i32): void {
  store<i32>(address + offset, value);
}

/** Adds to a field; what it holds then. */
export function change(address: usize, offset: usize, by: i32): i32 {
  const count = field(address, offset) + by;
  setField(address, offset, count);
  return count;
}

/** A field that holds an address. */
export function link(address: usize, offset: usize): usize {
  return load<u32>(address + offset) as usize;
}

export function setLink(address: usize, offset: usize, to: usize): void {
  store<u32>(address + offset, to as u32);
}
