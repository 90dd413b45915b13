import { relative } from 'node:path';
import { DELIVERY, PEOPLE } from '../parts/people.mjs';

/** Returns the text that `make dev` prints once the stack is ready. */
export function screen({ settings, variables, hasDemo, root }) {
  const directory = relative(root, settings.directory);
  const rows = [
    ['API', `${variables.BASE_URL}/api/v1/chat/`],
    ['API reference', `${variables.WEB_URL}/api.html`],
    ['PostgreSQL', settings.postgres.start ? variables.DATABASE_URL : 'your own: DATABASE_URL'],
    firebaseRow(settings.firebase),
    ['Pushes', pushes(variables.FCM_URL, settings.firebase)],
    ['Webhooks', webhooks(settings.webhooks, directory)],
    ['Logs', `${directory}/logs/`],
    ['Settings', `${directory}/env`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 3;
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`).join('\n');
  return `
Relais is running, and rebuilds after each saved source. Ctrl-C stops it.

${table}
${hasDemo ? conversation(directory) : "\nNo demo users: users or deliveries is a view.\n"}
A page with two phones:

  ${variables.WEB_URL}/${hasDemo ? '?deux' : ''}
`;
}

function firebaseRow({ kind, url, emulatorHost }) {
  return {
    'stand-in': ['Firebase stand-in', `${url}   (on this machine, with Google's protocol)`],
    emulator: ['Firebase emulator', `${emulatorHost}`],
    named: ['Firebase', `${url}`],
    off: ['Firebase', 'no mirror: FIREBASE_DATABASE_URL is empty'],
  }[kind];
}

function pushes(url, { standIn }) {
  if (url === '') return 'none: FCM_URL is empty';
  if (url === undefined) return "Google's FCM";
  return url === standIn.url ? `curl ${url}/.pushes   (recorded, not delivered)` : url;
}

function webhooks({ start, url }, directory) {
  if (url === '') return 'none: WEBHOOK_URL is empty';
  return start ? `printed here, and in ${directory}/logs/webhooks.log` : url;
}

/** Returns commands to paste that show a conversation. */
function conversation(directory) {
  const room = { room_type: 'delivery', other_user_id: PEOPLE.CLIENT, delivery_id: DELIVERY, initial_message: 'Bonjour, je suis votre livreur' };
  const json = "-H 'Content-Type: application/json'";
  const as = (who) => `-H "Authorization: Bearer $TOKEN_${who}"`;
  const event = { event_id: "'$(cat /proc/sys/kernel/random/uuid)'", event: 'arriving', delivery_id: DELIVERY };
  const curl = `curl -sw '\\n' "$BASE_URL/api/v1/chat`;
  return `
A conversation, from another terminal. Kouassi, the driver, opens a room for a delivery and sends a message;
Aya, the client, replies; the platform reports that the driver is arriving; Kouassi reads the history:

source ${directory}/env

ROOM=$(${curl}/rooms/" ${as('DRIVER')} ${json} \\
  -d '${JSON.stringify(room)}' | sed 's/^{"id":"\\([^"]*\\)".*/\\1/'); echo "Room $ROOM"

${curl}/messages/" ${as('CLIENT')} ${json} \\
  -d '{"chat_room_id":"'$ROOM'","text":"Parfait, je vous attends au portail"}'

${curl}/events/" ${as('PLATFORM')} ${json} \\
  -d '${JSON.stringify(event)}'

${curl}/messages/?chat_room_id=$ROOM" ${as('DRIVER')}
`;
}
