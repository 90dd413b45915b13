// Invokes a function of the running local stack, as `aws lambda invoke` does, and prints its report. Fails if the
// invocation or the report fails.
//
//   dev/node dev/invoke.mjs FUNCTION [EVENT]

const [name, event = '{}'] = process.argv.slice(2);
const { BASE_URL } = process.env;
if (!BASE_URL || !name) {
  console.error('Usage: dev/invoke.mjs FUNCTION [EVENT], with the variables of .dev/env');
  process.exit(2);
}
const url = `${BASE_URL}/2015-03-31/functions/${name}/invocations`;
const response = await fetch(url, { method: 'POST', body: event }).catch((error) => {
  console.error(`The local stack does not respond at ${BASE_URL} (${error.cause?.code}): is \`make dev\` running?`);
  process.exit(2);
});
const text = await response.text();
const report = parsed(text);
console.log(report?.table ?? text);
const failed = !response.ok || response.headers.has('x-amz-function-error') || report?.ok === false;
process.exit(failed ? 1 : 0);

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
