import { useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import { location } from '../core/message';
import { Dialog } from './dialog';

/** The example of the guide, in Abidjan: a desktop seldom knows where it is. */
const EXAMPLE = { latitude: 5.345317, longitude: -4.024429 };

export function SendLocation({ conversation, onClose }: { conversation: Conversation; onClose(): void }) {
  const [place, setPlace] = useState(EXAMPLE);
  const [problem, setProblem] = useState('');
  const find = () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude } }) => setPlace({ latitude, longitude }),
      () => setProblem('Votre position n’est pas disponible.'),
    );
  const send = (values: FormData) => {
    conversation.send(location(place.latitude, place.longitude, String(values.get('words'))));
  };
  const degrees = (name: 'latitude' | 'longitude', words: string, limit: number) => (
    <label>
      {words}
      <input
        type="number"
        step="any"
        min={-limit}
        max={limit}
        required
        value={place[name]}
        onInput={({ currentTarget }) => setPlace({ ...place, [name]: currentTarget.valueAsNumber })}
      />
    </label>
  );
  return (
    <Dialog title="Envoyer une position" action="Envoyer" onSubmit={send} onClose={onClose}>
      {degrees('latitude', 'Latitude', 90)}
      {degrees('longitude', 'Longitude', 180)}
      <button type="button" onClick={find}>
        Ma position
      </button>
      {problem && <p role="alert">{problem}</p>}
      <label>
        Message (facultatif)
        <input name="words" maxLength={5000} />
      </label>
    </Dialog>
  );
}
