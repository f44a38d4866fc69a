// The numbers of objects while a value is encoded: 0, 1, 2 … in the order in which they are entered.

/** Up to so many are looked for one by one: quicker than a Map, and most values have fewer. */
const FEW = 8;

export class Numbering {
  /** How many objects have a number, and the next one's number. */
  count = 0;
  private objects: (object | undefined)[] = [];
  /** Used once there are more than a few; has all of them then. */
  private numbers: Map<object, number> | undefined;

  /** The object's number, or -1. */
  numberOf(value: object): number {
    if (this.numbers !== undefined) return this.numbers.get(value) ?? -1;
    for (let i = 0; i < this.count; i++) if (this.objects[i] === value) return i;
    return -1;
  }

  /** Gives the next number to an object that has none. */
  add(value: object): void {
    const number = this.count++;
    this.objects[number] = value;
    if (number >= FEW) this.manyNumbers().set(value, number);
  }

  private manyNumbers(): Map<object, number> {
    if (this.numbers !== undefined) return this.numbers;
    const numbers = new Map<object, number>();
    for (let i = 0; i < this.count; i++) numbers.set(this.objects[i] as object, i);
    this.numbers = numbers;
    return numbers;
  }

  /** Takes numbers back, until only the first `count` are left. */
  takeBack(count: number): void {
    while (this.count > count) {
      this.count -= 1;
      this.numbers?.delete(this.objects[this.count] as object);
      this.objects[this.count] = undefined;
    }
    // With the Map alone asked, those below would not be found that are added from now on.
    if (count <= FEW) this.numbers = undefined;
  }

  /** Forgets all objects. */
  clear(): void {
    const few = Math.min(this.count, FEW);
    for (let i = 0; i < few; i++) this.objects[i] = undefined;
    if (this.count > FEW) {
      this.objects.length = FEW;
      this.numbers = undefined;
    }
    this.count = 0;
  }
}
