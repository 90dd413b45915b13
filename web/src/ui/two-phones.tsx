import type { Config } from '../config';
import type { Entry } from '../core/journal';
import { JournalPane } from './journal-pane';

/** Two whole apps in frames, as if on two devices, and the events between them. */
export function TwoPhones({ config }: { config: Config }) {
  const signedIn = config.people.filter(({ token }) => token);
  const driver = signedIn.find(({ user_type }) => user_type === 'driver');
  const client = signedIn.find(({ user_type }) => user_type === 'client');
  const phones = [driver, client].filter((person) => person !== undefined);
  return (
    <main class="two-phones">
      <h1 class="visually-hidden">Relais : deux téléphones</h1>
      {phones.map(({ id, full_name }) => (
        <iframe key={id} class="device" title={`Téléphone de ${full_name}`} src={`?moi=${id}`} allow="geolocation" />
      ))}
      <JournalPane people={config.people} follow={followFrames} />
    </main>
  );
}

function followFrames(listener: (entry: Entry) => void): () => void {
  const received = ({ origin, data }: MessageEvent<{ relais?: Entry } | null>) => {
    if (origin === window.location.origin && data?.relais) listener(data.relais);
  };
  window.addEventListener('message', received);
  return () => window.removeEventListener('message', received);
}
