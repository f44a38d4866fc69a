// Plain JavaScript, as the other fixtures: see fixtures.d.ts.

declare module "*/sync-kinds.mjs";
declare module "*/sync-poison.mjs";
declare module "*/sync-tasks.mjs";
