const LOST_PARENT_MS = 1_000;

/**
 * Waits for a request to stop: Ctrl-C, SIGTERM, a closed terminal, or the exit of the parent process.
 *
 * @returns {{signal: AbortSignal, promise: Promise<void>}}
 */
export function stopRequest() {
  const controller = new AbortController();
  const promise = new Promise((resolve) => {
    const stop = () => {
      controller.abort();
      resolve();
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, stop);
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && stop(), LOST_PARENT_MS).unref();
  });
  // Ignore a closed terminal or pipe, so that the parts are still stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return { signal: controller.signal, promise };
}
