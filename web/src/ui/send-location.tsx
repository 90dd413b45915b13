import { useState } from 'preact/hooks';
import type { Conversation } from '../core/conversation';
import { location } from '../core/message';
import { Dialog } from './dialog';
import { TextField } from './text-field';

/** The fields start empty: no position is sent that the user has not chosen. */
export function SendLocation({ conversation, onClose }: { conversation: Conversation; onClose(): void }) {
  const [place, setPlace] = useState({ latitude: '', longitude: '' });
  const [problem, setProblem] = useState('');
  const find = () => {
    setProblem('');
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude } }) => setPlace({ latitude: String(latitude), longitude: String(longitude) }),
      () => setProblem('Votre position n’est pas disponible.'),
    );
  };
  const send = (values: FormData) => {
    conversation.send(location(Number(place.latitude), Number(place.longitude), String(values.get('words'))));
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
        onInput={({ currentTarget }) => setPlace({ ...place, [name]: currentTarget.value })}
      />
    </label>
  );
  return (
    <Dialog title="Envoyer une position" action="Envoyer" onSubmit={send} onClose={onClose}>
      <button type="button" onClick={find}>
        Utiliser ma position
      </button>
      {problem && <p role="alert">{problem}</p>}
      {degrees('latitude', 'Latitude', 90)}
      {degrees('longitude', 'Longitude', 180)}
      <TextField label="Message (facultatif)" name="words" />
    </Dialog>
  );
}
