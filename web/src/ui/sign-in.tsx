import { useState } from 'preact/hooks';
import type { Config, Person } from '../config';
import { tokenStore } from '../storage';
import { Avatar } from './avatar';
import { userTypes } from './words';

export function SignIn({ config }: { config: Config }) {
  const people = config.people.filter(({ token }) => token);
  return (
    <main class="sign-in">
      <h1>
        <img src="icon.svg" alt="" width="40" height="40" /> Relais
      </h1>
      {people.length > 0 && (
        <>
          <p>Qui êtes-vous ?</p>
          <ul>
            {people.map((person) => (
              <li key={person.id}>
                <PersonLink person={person} />
              </li>
            ))}
          </ul>
          <p>
            <a href="?deux">Deux téléphones côte à côte</a>
          </p>
        </>
      )}
      <TokenForm isOpen={people.length === 0} />
    </main>
  );
}

function PersonLink({ person }: { person: Person }) {
  return (
    <a class="person" href={`?moi=${person.id}`}>
      <Avatar name={person.full_name} />
      <span>
        <strong>{person.full_name}</strong>
        <small>{userTypes[person.user_type]}</small>
      </span>
    </a>
  );
}

function TokenForm({ isOpen }: { isOpen: boolean }) {
  const [problem, setProblem] = useState('');
  const signIn = (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.target as HTMLFormElement).get('token')).trim();
    const id = userIdOf(token);
    if (!id) return setProblem('Ce n’est pas un jeton d’accès.');
    tokenStore.set(id, token);
    window.location.search = `?moi=${id}`;
  };
  return (
    <details open={isOpen}>
      <summary>Avec un jeton d’accès</summary>
      <form onSubmit={signIn}>
        <label>
          Jeton d’accès (JWT)
          <textarea name="token" rows={4} required spellcheck={false} autocomplete="off" />
        </label>
        {problem && <p role="alert">{problem}</p>}
        <button class="primary">Se connecter</button>
      </form>
    </details>
  );
}

/** Whom an access token of simplejwt is for. The API checks it; here it only says who looks at the page. */
function userIdOf(token: string): string | null {
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(payload)).user_id ?? null;
  } catch {
    return null;
  }
}
