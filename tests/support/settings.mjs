// Settings of the stack under test, from the environment: the variables of `.dev/env`.

function setting(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run \`make test\`, or \`make dev\` and then \`set -a; . .dev/env\``);
  }
  return value;
}

export const BASE_URL = setting('BASE_URL').replace(/\/$/, '');
export const DATABASE_URL = setting('DATABASE_URL');
export const JWT_SECRET = setting('JWT_SECRET');
export const FIREBASE_DATABASE_URL = setting('FIREBASE_DATABASE_URL');
export const FIREBASE_HOST = setting('FIREBASE_DATABASE_EMULATOR_HOST');
export const FCM_URL = setting('FCM_URL');
