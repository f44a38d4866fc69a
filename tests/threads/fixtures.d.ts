// The fixtures are plain JavaScript, because workers import them by themselves. What the compiler makes of sendable
// functions is tested in tests/types.

declare module "*/values.mjs";
declare module "*/other.mjs";
declare module "*/failures.mjs";
declare module "*/tasks.mjs";
declare module "*/clocks.mjs";
declare module "*/sockets.mjs";
declare module "*/slow-import.mjs";
