/** FCM's checks of a message: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */

const LARGEST = 4096;
const FIELDS = ['token', 'notification', 'data', 'android', 'apns', 'webpush', 'fcm_options'];
/** FCM reserves these keys of `data`. */
const RESERVED = /^(from|message_type|google.*|gcm.*)$/;

/** Returns the error of a request's body as `{field, description}`, or null. */
export function problemOf(body) {
  const at = (field, description) => ({ field, description });
  let message;
  try {
    ({ message } = JSON.parse(body.toString()));
  } catch {
    return at('message', 'Invalid JSON payload received.');
  }
  if (typeof message !== 'object' || message === null) return at('message', 'Message is missing.');
  const unknown = Object.keys(message).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return at(`message.${unknown}`, `Invalid JSON payload received. Unknown name "${unknown}" at 'message': Cannot find field.`);
  if (typeof message.token !== 'string' || !/^[\w:.-]+$/.test(message.token)) return at('message.token', 'Invalid registration token');
  for (const [key, value] of Object.entries(message.data ?? {})) {
    if (typeof value !== 'string') return at(`message.data[${key}]`, 'Invalid value (TYPE_STRING)');
    if (RESERVED.test(key)) return at(`message.data[${key}]`, `Invalid data payload key: ${key}`);
  }
  for (const key of ['title', 'body']) {
    if (!['string', 'undefined'].includes(typeof message.notification?.[key])) return at(`message.notification.${key}`, 'Invalid value (TYPE_STRING)');
  }
  if (!['HIGH', 'NORMAL', undefined].includes(message.android?.priority)) return at('message.android.priority', 'Invalid value (TYPE_ENUM)');
  for (const [header, value] of Object.entries(message.apns?.headers ?? {})) {
    if (typeof value !== 'string') return at(`message.apns.headers[${header}]`, 'Invalid value (TYPE_STRING)');
  }
  if ((message.apns?.headers?.['apns-collapse-id'] ?? '').length > 64) return at('message.apns.headers[apns-collapse-id]', 'Longer than 64 bytes');
  if (body.length > LARGEST) return at('message', 'Message too big');
  return null;
}
