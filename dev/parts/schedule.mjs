/** Calls a function over and over, as its schedule does: there every minute or five, here every few seconds. */
export function repeat(stack, name, seconds, say, input = event()) {
  let failing = false;
  const run = async () => {
    try {
      await stack.invoke(name, input);
      failing = false;
    } catch (error) {
      // Said once: it is called again in a moment.
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

/** What EventBridge sends without an input of the schedule's own. */
const event = () => ({ version: '0', source: 'aws.events', 'detail-type': 'Scheduled Event', time: new Date().toISOString(), detail: {} });
