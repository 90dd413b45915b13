/** Invokes a function repeatedly, as its schedule does, but every few seconds instead of minutes. */
export function repeat(stack, name, seconds, say, input = event()) {
  let failing = false;
  const run = async () => {
    try {
      await stack.invoke(name, input);
      failing = false;
    } catch (error) {
      // Report a failure once, not at every repetition.
      if (!failing && !stopped) say(`${name} failed: ${error.message}`);
      failing = true;
    }
    if (!stopped) timer = setTimeout(run, seconds * 1_000);
  };
  let stopped = false;
  let timer = setTimeout(run, seconds * 1_000);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Returns the event that EventBridge sends if the schedule has no input. */
const event = () => ({ version: '0', source: 'aws.events', 'detail-type': 'Scheduled Event', time: new Date().toISOString(), detail: {} });
