/** Time and random numbers. Tests supply their own. */
export interface Clock {
  /** Milliseconds since 1970 by this device's clock. */
  now(): number;
  /** Calls `run` once, later; returns a function that cancels it. */
  after(milliseconds: number, run: () => void): () => void;
  /** A number from 0 to 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
