import { relative } from 'node:path';
import { DELIVERY, PEOPLE } from '../parts/people.mjs';

/** What a newcomer sees once everything answers. */
export function screen({ settings, variables, hasDemo, root }) {
  const directory = relative(root, settings.directory);
  const rows = [
    ['API', `${variables.BASE_URL}/api/v1/chat/`],
    ['API reference', `${variables.WEB_URL}/api.html`],
    ['PostgreSQL', settings.postgres.start ? variables.DATABASE_URL : 'your own: DATABASE_URL'],
    firebaseRow(settings.firebase),
    ['Pushes', pushes(variables.FCM_URL, settings.firebase)],
    ['Logs', `${directory}/logs/`],
    ['Settings', `${directory}/env`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 3;
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`).join('\n');
  return `
Relais is running, and builds again whenever a source is saved. Ctrl-C stops it.

${table}
${hasDemo ? conversation(directory) : "\nNo demo users: users or deliveries is a view, so the rows are somebody's own.\n"}
Two phones on one page, and what happens between them:

  ${variables.WEB_URL}/${hasDemo ? '?deux' : ''}
`;
}

function firebaseRow({ kind, url, emulatorHost }) {
  return {
    'stand-in': ['Firebase stand-in', `${url}   (not Google's: it speaks the same, on this machine)`],
    emulator: ['Firebase emulator', `${emulatorHost}`],
    named: ['Firebase', `${url}`],
    off: ['Firebase', 'no mirror: FIREBASE_DATABASE_URL is empty'],
  }[kind];
}

function pushes(url, { standIn }) {
  if (url === '') return 'none: FCM_URL is empty';
  if (url === undefined) return "Google's FCM";
  return url === standIn.url ? `curl ${url}/.pushes   (they are delivered to nobody)` : url;
}

/** A few lines that show a conversation, to be pasted as they are. */
function conversation(directory) {
  const room = { room_type: 'delivery', other_user_id: PEOPLE.CLIENT, delivery_id: DELIVERY, initial_message: 'Bonjour, je suis votre livreur' };
  const json = "-H 'Content-Type: application/json'";
  const as = (who) => `-H "Authorization: Bearer $TOKEN_${who}"`;
  const event = { event_id: "'$(cat /proc/sys/kernel/random/uuid)'", event: 'arriving', delivery_id: DELIVERY };
  const curl = `curl -sw '\\n' "$BASE_URL/api/v1/chat`;
  return `
A conversation, from another terminal. Kouassi, the driver, opens a room for a delivery and says hello;
Aya, the client, answers; the platform says that the driver is nearly there; Kouassi reads it all:

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
