// tokiwa/io

export { IoError, UnexpectedEofError, WriteZeroError } from "./errors.js";
export {
  type AsyncRead,
  type AsyncWrite,
  flush,
  read,
  readExact,
  readToEnd,
  shutdown,
  write,
  writeAll,
} from "./stream.js";
