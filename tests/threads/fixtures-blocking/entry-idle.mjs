// A worker entry that forgets to import tokiwa/worker.
export {};
