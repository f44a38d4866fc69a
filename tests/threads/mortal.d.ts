declare module "*/mortal.mjs";
