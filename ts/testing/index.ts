// tokiwa/testing

export {
  AssertionFailedError,
  LeakError,
  type Leaks,
  MockError,
  TestPanicError,
  TestTimeoutError,
} from "./errors.js";
export { type Bytes, IoMock, IoMockBuilder, IoMockHandle, ioMock } from "./io-mock.js";
export { LeakCheck } from "./leaks.js";
export {
  assertElapsed,
  assertPending,
  assertReady,
  assertRejects,
  assertThrows,
  type ErrorClass,
  type Pollable,
  type PollableStream,
  type PollResult,
  pollOnce,
} from "./poll.js";
export type { RunnerTest } from "./runner.js";
export type { TestOptions } from "./settings.js";
export { StreamMock, StreamMockBuilder, streamMock } from "./stream-mock.js";
export { MockStreamTask, MockTask, task } from "./task.js";
export {
  type Columns,
  type TestBody,
  type TestCallFunction,
  type TokiwaTest,
  test,
  tokiwaTest,
} from "./test.js";
