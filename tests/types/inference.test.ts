import {
  type AsyncContext,
  type Context,
  Future,
  fromPromise,
  future,
  join,
  main,
  Pending,
  type Poll,
  pollFn,
  select,
  sleep,
  spawn,
  timeout,
} from "tokiwa";
import { TcpListener, type TcpStream } from "tokiwa/net";
import { Builder } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";
import { taskBuilder } from "tokiwa/task";
import { test } from "vitest";

function* echo(socket: TcpStream) {
  using _close = socket;
  const buffer = new Uint8Array(1024);
  for (;;) {
    const n = yield* socket.read(buffer);
    if (n === 0) return;
    yield* socket.writeAll(buffer.subarray(0, n));
  }
}
const program = () =>
  main(function* () {
    const listener = yield* TcpListener.bind("127.0.0.1:8080");
    for (;;) {
      const [socket] = yield* listener.accept();
      spawn(echo, socket);
    }
  });
function* child(a: number, b: string) {
  yield* sleep(1);
  return `${a}${b}`;
}
async function double(value: number) {
  return 2 * value;
}
async function pick(value: "a" | "b", _options: { of: number[] }) {
  return value;
}
async function wrap<X>(value: X) {
  return [value];
}
async function optional(value: number, text?: string) {
  return text ?? `${value}`;
}
async function rest(...values: number[]) {
  return values;
}
test("infers", () => {
  void program;
  const _f = function* () {
    const h = spawn(child, 1, "a");
    const v: string = yield* h;
    const lazy = future(function* (id: number) {
      yield* sleep(1);
      return `user ${id}`;
    }, 7);
    const [x, y] = yield* join(
      lazy,
      spawn(async () => 5),
    );
    const s: string = x;
    const n: number = y;
    const [tx, rx] = mpsc.channel<number>(3);
    yield* tx.send(1);
    const winner = yield* select({
      data: rx.recv(),
      stop: sleep(1),
      off: n > 1 && timeout(5, lazy),
    });
    switch (winner.branch) {
      case "data": {
        const d: number | undefined = winner.value;
        void d;
        break;
      }
      case "stop":
        return v;
      case "off": {
        const q: string = winner.value;
        return q;
      }
    }
    const r = yield* fromPromise((signal) => Promise.resolve(signal.aborted));
    const b: boolean = r;
    const z: number = yield* spawn(async (k: number, { signal }: AsyncContext) => {
      void signal;
      return k;
    }, 4);
    const zz: number = yield* spawn(async ({ signal }) => {
      void signal;
      return 4;
    });
    void zz;
    const c = pollFn((_cx: Context) => Pending as Poll<number>);
    void s;
    void b;
    void z;
    void c;
    // @ts-expect-error wrong argument
    spawn(child, "1", "a");
    return "x";
  };
  const _plain = function* () {
    const runtime = Builder.newCurrentThread().build();
    const a: number = yield* spawn(double, 2);
    const b: "a" | "b" = yield* spawn(pick, "a", { of: [1] });
    const c: string[] = yield* spawn(wrap, "a");
    const d: string = yield* spawn(optional, 1, "a");
    const e: number = yield* future(double, 2);
    const f: number = yield* fromPromise(() => runtime.run(double, 2));
    const g: number = yield* runtime.handle().spawn(double, 2);
    const h: number = yield* taskBuilder().spawn(double, 2);
    // @ts-expect-error an argument of another type
    spawn(double, "2");
    // @ts-expect-error an argument too few
    spawn(double);
    // @ts-expect-error an argument too many
    spawn(double, 2, 3);
    // @ts-expect-error it would take `{ signal }` for its second argument
    spawn(optional, 1);
    // @ts-expect-error and here for one of the rest
    spawn(rest, 1, 2);
    // @ts-expect-error a function that gives no promise
    spawn((n: number) => n, 1);
    return [a, b, c, d, e, f, g, h];
  };
  void _plain;
  class Delay extends Future<void> {
    #timer: ReturnType<typeof setTimeout> | undefined;
    #done = false;
    readonly ms: number;
    constructor(ms: number) {
      super();
      this.ms = ms;
    }
    poll(cx: Context): Poll<void> {
      if (this.#done) return;
      this.#timer ??= setTimeout(() => {
        this.#done = true;
        cx.waker.wake();
      }, this.ms);
      return Pending;
    }
    override [Symbol.dispose]() {
      clearTimeout(this.#timer);
    }
  }
  void Delay;
  void _f;
});
