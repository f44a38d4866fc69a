// tokiwa/net

export { IoError, UnexpectedEofError, WriteZeroError } from "../io/errors.js";
export { AddressError, type AddressLike, type SocketAddress } from "./address.js";
export { lookupHost } from "./lookup.js";
export { type Accepted, TcpListener } from "./tcp-listener.js";
export { OwnedReadHalf, OwnedWriteHalf, TcpStream, type TcpWrite } from "./tcp-stream.js";
