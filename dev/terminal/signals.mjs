const LOST_PARENT_MS = 1_000;

/**
 * Waits to be asked to end: by Ctrl-C, by SIGTERM, by the terminal's end, or by the end of whoever started us.
 *
 * @returns {{signal: AbortSignal, promise: Promise<void>}}
 */
export function untilAsked() {
  const controller = new AbortController();
  const promise = new Promise((resolve) => {
    const ask = () => {
      controller.abort();
      resolve();
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, ask);
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && ask(), LOST_PARENT_MS).unref();
  });
  // A terminal or a pipe that is gone is no reason to leave the parts behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return { signal: controller.signal, promise };
}
