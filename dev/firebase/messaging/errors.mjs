import { json } from '../http/answers.mjs';

/**
 * FCM's errors as https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and its guides print them:
 * by FCM's code or, without one, by Google's status and message.
 */
const ERRORS = {
  UNREGISTERED: ['NOT_FOUND', 'Requested entity was not found.'],
  SENDER_ID_MISMATCH: ['PERMISSION_DENIED', 'SenderId mismatch'],
  QUOTA_EXCEEDED: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
  INTERNAL: ['INTERNAL', 'Internal error encountered.'],
  UNAVAILABLE: ['UNAVAILABLE', 'The service is currently unavailable.'],
  THIRD_PARTY_AUTH_ERROR: ['UNAUTHENTICATED', 'Auth error from APNS or Web Push Service'],
  UNAUTHENTICATED: [
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  ],
  PERMISSION_DENIED: ['PERMISSION_DENIED', "Permission 'cloudmessaging.messages.create' denied on resource."],
  NOT_FOUND: ['NOT_FOUND', 'Requested entity was not found.'],
};
/** These errors have no FCM details. */
const GOOGLES = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND']);
const OF_STATUS = { 401: 'UNAUTHENTICATED', 403: 'SENDER_ID_MISMATCH', 404: 'UNREGISTERED', 429: 'QUOTA_EXCEEDED', 500: 'INTERNAL', 503: 'UNAVAILABLE' };

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

export const refusal = (status, code) => json(status, bodyOf(status, code));

/** Returns the error for an invalid message; `problem` is `{field, description}`. */
export const invalid = ({ field, description }) =>
  json(400, {
    error: {
      code: 400,
      message: field === 'message.token' ? 'The registration token is not a valid FCM registration token' : description,
      status: 'INVALID_ARGUMENT',
      details: [
        { '@type': FCM_ERROR, errorCode: 'INVALID_ARGUMENT' },
        { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] },
      ],
    },
  });

/** Returns FCM's error for a status, for a fault without a body; undefined for other statuses. */
export const bodyOfStatus = (status) => OF_STATUS[status] && bodyOf(status, OF_STATUS[status]);

function bodyOf(status, code) {
  const [google, message] = ERRORS[code];
  const details = GOOGLES.has(code) ? {} : { details: [{ '@type': FCM_ERROR, errorCode: code }] };
  return { error: { code: status, message, status: google, ...details } };
}
