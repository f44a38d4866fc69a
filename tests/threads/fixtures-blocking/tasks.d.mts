import type { SendableAsync, SendableCoroutine, SendableFunction } from "tokiwa";

export declare const words: Int32Array;
export declare function arrive(gate: number): void;
export declare function holdHere(gate: number): void;
export declare function awaitArrivals(gate: number, count: number): void;
export declare function spin(ms: number): void;

export declare const add: SendableFunction<[number, number], number>;
export declare const addPromise: SendableFunction<[number, number], number>;
export declare const addAsync: SendableAsync<[number, number], number>;
export declare const addSteps: SendableCoroutine<[number, number], number>;
export declare const echo: SendableFunction<[unknown], unknown>;
export declare const where: SendableFunction<[], number>;
export declare const whereSteps: SendableCoroutine<[], [number, number]>;
export declare const hold: SendableFunction<[number], number>;
export declare const touch: SendableFunction<[number], number>;
export declare const touchSteps: SendableCoroutine<[number], number>;
export declare const stopsAfterSleep: SendableFunction<[number, number], void>;
export declare const lingers: SendableCoroutine<[number], number>;
export declare const lingersAsync: SendableAsync<[number], string>;
export declare const fails: SendableFunction<[string], never>;
export declare const failsAsync: SendableAsync<[string], never>;
export declare const failsSteps: SendableCoroutine<[string], never>;
export declare const throwsText: SendableFunction<[string], never>;
export declare const givesFunction: SendableFunction<[], unknown>;
export declare const notExported: { fn: SendableFunction<[], number> };
export declare const sumOf: SendableFunction<[ArrayBuffer], number>;
export declare const bytesOf: SendableFunction<[number, number], ArrayBuffer>;
export declare const bump: SendableFunction<[Int32Array], number>;
export declare const blockingFromTask: SendableCoroutine<
  [number, number],
  [number, number, number]
>;
export declare const blockingFromAsync: SendableAsync<[number, number], [number, number, number]>;
export declare const blockingFromBlocking: SendableCoroutine<[number], number>;
export declare const blockOnInBlocking: SendableFunction<[number, number], number>;
export declare const inPlace: SendableCoroutine<[number, number], number>;
export declare const inPlaceFails: SendableCoroutine<[string], string>;
export declare const inPlacePanics: SendableCoroutine<[string], void>;
export declare const inPlaceHold: SendableCoroutine<[number], number>;
export declare const inPlaceForEver: SendableCoroutine<[number], void>;
export declare const inPlaceNested: SendableCoroutine<[number], number>;
export declare const inPlaceAwaitsOthers: SendableCoroutine<
  [number, number],
  { here: number; threads: number[] }
>;
export declare const inPlaceThenSleep: SendableCoroutine<[number], number>;
export declare const inPlaceAsync: SendableAsync<[number, number], number>;
export declare const inPlaceBlockOn: SendableCoroutine<[number, number], number>;
export declare const fanOut: SendableCoroutine<[number, number], Record<number, number>>;
export declare const busy: SendableFunction<[number], number>;
export declare const yields: SendableCoroutine<[number], number>;
export declare const naps: SendableCoroutine<[number], number>;
export declare const depth: SendableFunction<[], number>;
export declare const processTitle: SendableFunction<[], string>;
export declare const meet: SendableFunction<[number, number], number>;
export declare const meetInPlace: SendableCoroutine<[number, number], number>;
export declare const inPlaceWithLocal: SendableCoroutine<[], string[]>;
export declare const marks: SendableFunction<[], string[]>;
export declare const STARTED: number;
export declare const STOPPED: number;
export declare const PARKED: number;
export declare const UNPARKED: number;
export declare const SPAWNED: number;
export declare const TERMINATED: number;
export declare const onStart: SendableFunction<[number], void>;
export declare const onStop: SendableFunction<[number], void>;
export declare const onPark: SendableFunction<[], void>;
export declare const onUnpark: SendableFunction<[], void>;
export declare const onSpawn: SendableFunction<[unknown], void>;
export declare const onTerminate: SendableFunction<[unknown], void>;
export declare const badHook: SendableFunction<[], void>;
export declare const locals: SendableCoroutine<[number], number>;
export declare const spawnsAndHolds: SendableCoroutine<[number, number, number], number>;
export declare const spawnsAndMeets: SendableCoroutine<
  [number, number],
  { here: number; threads: number[] }
>;
