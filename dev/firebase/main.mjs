import { parseArgs } from 'node:util';
import { startStandIn } from './server.mjs';

const USAGE = `Usage: node dev/firebase/main.mjs --rules FILE --data DIR --service-account FILE
         [--port 9100] [--host 127.0.0.1] [--access-token-seconds 3600] [--id-token-seconds 3600]
         [--without-fence]   for tests: auth_variable_override passes by the rules`;

let options;
try {
  options = readOptions();
} catch (error) {
  fail(`${error.message}\n${USAGE}`);
}

let standIn;
try {
  standIn = await startStandIn(options);
} catch (error) {
  fail(
    error.code === 'EADDRINUSE'
      ? `Port ${options.port} of ${options.host} is taken: choose another with --port.`
      : error.message,
  );
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, async () => {
    await standIn.close();
    process.exit(0);
  });
}
console.log(`Firebase stand-in listening on ${standIn.url}`);

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9100' },
      host: { type: 'string', default: '127.0.0.1' },
      rules: { type: 'string' },
      data: { type: 'string' },
      'service-account': { type: 'string' },
      'access-token-seconds': { type: 'string', default: '3600' },
      'id-token-seconds': { type: 'string', default: '3600' },
      'without-fence': { type: 'boolean', default: false },
    },
  });
  for (const name of ['rules', 'data', 'service-account']) {
    if (values[name] === undefined) throw new Error(`--${name} is missing.`);
  }
  return {
    port: wholeNumber(values, 'port'),
    host: values.host,
    rules: values.rules,
    data: values.data,
    serviceAccount: values['service-account'],
    accessTokenSeconds: wholeNumber(values, 'access-token-seconds'),
    idTokenSeconds: wholeNumber(values, 'id-token-seconds'),
    fence: !values['without-fence'],
  };
}

function wholeNumber(values, name) {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} must be a whole number.`);
  return number;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
