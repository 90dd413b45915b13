import { useState } from 'preact/hooks';
import type { Config, Delivery, Person } from '../config';
import type { Session } from '../session';
import { Dialog } from './dialog';
import { TextField } from './text-field';
import { quickMessages, userTypes } from './words';

interface Props {
  session: Session;
  config: Config;
  onClose(): void;
}

/** Opens a room with a user of the configuration. */
export function NewRoom({ session, config, onClose }: Props) {
  const { viewer } = session;
  const contacts = config.people.filter((person) => canTalk(viewer, person));
  const [other, setOther] = useState(contacts[0]);
  const [suggestion, setSuggestion] = useState('');
  const deliveries = config.deliveries.filter((delivery) => other && isOf(delivery, viewer, other));

  const create = async (values: FormData) => {
    if (!other) return;
    const words = String(values.get('words'));
    const isSupport = viewer.user_type === 'admin' || other.user_type === 'admin';
    const room = await session.rooms.create({
      other_user_id: other.id,
      room_type: isSupport ? 'support' : 'delivery',
      delivery_id: (values.get('delivery') as string) || null,
      ...(words.trim() && { initial_message: words }),
    });
    window.location.hash = `room=${room.id}`;
  };

  return (
    <Dialog title="Nouvelle conversation" action="Ouvrir" onSubmit={create} onClose={onClose}>
      <label>
        Avec
        <select
          required
          value={other?.id}
          onChange={({ currentTarget }) => setOther(contacts.find(({ id }) => id === currentTarget.value))}
        >
          {contacts.map(({ id, full_name, user_type }) => (
            <option key={id} value={id}>
              {full_name} ({userTypes[user_type]})
            </option>
          ))}
        </select>
      </label>
      {deliveries.length > 0 && (
        <label>
          Livraison
          <select name="delivery">
            {deliveries.map(({ id, tracking_number }) => (
              <option key={id} value={id}>
                {tracking_number}
              </option>
            ))}
            <option value="">Aucune</option>
          </select>
        </label>
      )}
      <TextField label="Premier message (facultatif)" name="words" suggestion={suggestion} />
      <QuickMessages viewer={viewer} onChoose={setSuggestion} />
    </Dialog>
  );
}

export function QuickMessages({ viewer, onChoose }: { viewer: Person; onChoose(words: string): void }) {
  return (
    <div class="quick" role="group" aria-label="Messages rapides">
      {quickMessages[viewer.user_type].map((words) => (
        <button type="button" key={words} onClick={() => onChoose(words)}>
          {words}
        </button>
      ))}
    </div>
  );
}

/** One side is a driver, the other is not. */
const canTalk = (viewer: Person, other: Person): boolean =>
  (viewer.user_type === 'driver') !== (other.user_type === 'driver');

function isOf(delivery: Delivery, ...people: Person[]): boolean {
  const sides = [delivery.driver_id, delivery.client_id, delivery.merchant_id];
  return people.every(({ id }) => sides.includes(id));
}
