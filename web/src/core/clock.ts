/** Time and chance, as the logic sees them: a test has its own. */
export interface Clock {
  /** Milliseconds since 1970, by this device's clock. */
  now(): number;
  /** Calls `run` once, later; answers what prevents that. */
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
