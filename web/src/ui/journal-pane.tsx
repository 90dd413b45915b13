import { useEffect, useRef, useState } from 'preact/hooks';
import type { Person } from '../config';
import type { Entry, FirebaseEvent, HttpCall } from '../core/journal';
import { lags } from '../core/lag';
import { milliseconds } from './words';

interface Props {
  people: Person[];
  follow(listener: (entry: Entry) => void): () => void;
}

const MOST_ENTRIES = 500;
const MOST_LAGS = 6;
const time = new Intl.DateTimeFormat('fr', { timeStyle: 'medium' });
type Numbered = Entry & { number: number };
type Row = Numbered & (HttpCall | FirebaseEvent);

/** The calls, the events and the lag between them, for developers of apps. */
export function JournalPane({ people, follow }: Props) {
  const [entries, setEntries] = useState<Numbered[]>([]);
  const count = useRef(0);
  const [kinds, setKinds] = useState({ http: true, firebase: true });
  useEffect(() => {
    const add = (entry: Numbered) => setEntries((known) => [...known.slice(1 - MOST_ENTRIES), entry]);
    return follow((entry) => add({ ...entry, number: (count.current += 1) }));
  }, []);

  const isShown = (entry: Numbered): entry is Row => entry.kind !== 'message' && kinds[entry.kind];
  // A call is recorded at its end and sorted by its start.
  const rows = entries.filter(isShown).sort((a, b) => b.at - a.at);
  const nameOf = (id: string) => people.find((person) => person.id === id)?.full_name ?? 'Moi';
  const filter = (kind: 'http' | 'firebase', words: string) => (
    <label class="check">
      <input
        type="checkbox"
        checked={kinds[kind]}
        onChange={({ currentTarget }) => setKinds({ ...kinds, [kind]: currentTarget.checked })}
      />
      {words}
    </label>
  );
  return (
    <aside class="journal" aria-label="Ce qui se passe">
      <header class="bar">
        <div class="title">
          <h2>Ce qui se passe</h2>
        </div>
        <button onClick={() => setEntries([])}>Effacer</button>
      </header>
      <Lags entries={entries} />
      <div class="filters" role="group" aria-label="Afficher">
        {filter('http', 'Appels HTTP')}
        {filter('firebase', 'Événements Firebase')}
      </div>
      <ol tabIndex={0} aria-label="Appels et événements, les derniers d’abord">
        {rows.map((row) => (
          <li key={row.number}>
            <JournalRow row={row} name={nameOf(row.who)} />
          </li>
        ))}
      </ol>
    </aside>
  );
}

function Lags({ entries }: { entries: Entry[] }) {
  const known = lags(entries);
  const cell = (duration: number | null) => <td>{duration === null ? '–' : milliseconds(Math.max(0, duration))}</td>;
  return (
    <table class="lags">
      <caption>Du toucher à l’écran de l’autre : en moyenne {average(known.map(({ seen }) => seen))}</caption>
      <thead>
        <tr>
          <th scope="col">Message</th>
          <th scope="col">API</th>
          <th scope="col">Écho</th>
          <th scope="col">Vu</th>
          <th scope="col">Lu</th>
        </tr>
      </thead>
      <tbody>
        {known.slice(0, MOST_LAGS).map(({ messageId, text, stored, echoed, seen, read }) => (
          <tr key={messageId}>
            <th scope="row">{text}</th>
            {cell(stored)}
            {cell(echoed)}
            {cell(seen)}
            {cell(read)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function average(durations: (number | null)[]): string {
  const known = durations.filter((duration) => duration !== null);
  return known.length === 0 ? '–' : milliseconds(known.reduce((sum, duration) => sum + duration, 0) / known.length);
}

function JournalRow({ row, name }: { row: Row; name: string }) {
  const isFailure = row.kind === 'http' && (row.status === null || row.status >= 400);
  return (
    <details class={`${row.kind} ${isFailure ? 'failure' : ''}`}>
      <summary>
        <time>{time.format(row.at)}</time>
        <span class="who" title={name}>
          {name[0]}
        </span>
        <span class="what">{row.kind === 'http' ? row.method : row.event}</span>
        <code title={row.path}>{shortPath(row.path)}</code>
        {row.kind === 'http' && (
          <span class="result">
            {row.status ?? 'échec'} · {milliseconds(row.milliseconds)}
          </span>
        )}
      </summary>
      {row.kind === 'http' ? (
        <>
          {row.request !== null && <Json value={row.request} />}
          <Json value={row.response} />
        </>
      ) : (
        <Json value={row.value} />
      )}
    </details>
  );
}

const Json = ({ value }: { value: unknown }) => <pre>{JSON.stringify(value, null, 2)}</pre>;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{12})/g;

/** Shortens ids to their ends, which differ. */
const shortPath = (path: string): string =>
  decodeURIComponent(path)
    .replace('/api/v1/chat', '')
    .replace(UUID, (_, end: string) => `…${end.slice(-4)}`);
