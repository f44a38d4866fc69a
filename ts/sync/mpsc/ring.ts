// A queue that grows: values in a circular array whose size is a power of two. A JavaScript array as a queue costs O(n) a
// shift once it is long.

const INITIAL = 16;

export class Ring<T> {
  private slots: (T | undefined)[] = new Array<T | undefined>(INITIAL);
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(value: T): void {
    if (this.count === this.slots.length) this.grow();
    this.slots[(this.head + this.count) & (this.slots.length - 1)] = value;
    this.count += 1;
  }

  /** The oldest value. Only when there is one. */
  shift(): T {
    const index = this.head;
    const value = this.slots[index] as T;
    // Nothing that was received stays reachable from here.
    this.slots[index] = undefined;
    this.head = (index + 1) & (this.slots.length - 1);
    this.count -= 1;
    return value;
  }

  /** All values, the oldest first, and as new afterwards. */
  drain(): T[] {
    const values: T[] = [];
    while (this.count > 0) values.push(this.shift());
    this.slots = new Array<T | undefined>(INITIAL);
    this.head = 0;
    return values;
  }

  private grow(): void {
    const { slots, head } = this;
    const size = slots.length;
    const grown = new Array<T | undefined>(size * 2);
    for (let index = 0; index < size; index++) grown[index] = slots[(head + index) & (size - 1)];
    this.slots = grown;
    this.head = 0;
  }
}
