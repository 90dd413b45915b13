import { useState } from 'preact/hooks';
import type { Config, Person } from '../config';
import { Api } from '../core/api';
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
      <TokenForm apiUrl={config.api_url} isOpen={people.length === 0} />
    </main>
  );
}

function PersonLink({ person }: { person: Person }) {
  return (
    // The person's own token, not one that was pasted before.
    <a class="person" href={`?moi=${person.id}`} onClick={() => tokenStore.remove(person.id)}>
      <Avatar name={person.full_name} />
      <span>
        <strong>{person.full_name}</strong>
        <small>{userTypes[person.user_type]}</small>
      </span>
    </a>
  );
}

function TokenForm({ apiUrl, isOpen }: { apiUrl: string; isOpen: boolean }) {
  const [problem, setProblem] = useState('');
  const [isChecking, setChecking] = useState(false);
  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.target as HTMLFormElement).get('token')).trim();
    setChecking(true);
    try {
      const id = userIdOf(token);
      await new Api({ baseUrl: apiUrl.replace(/\/$/, ''), token, fetch: (...call) => fetch(...call) }).unreadCount();
      tokenStore.set(id, token);
      window.location.search = `?moi=${id}`;
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setChecking(false);
    }
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
        <button class="primary" disabled={isChecking}>
          Se connecter
        </button>
      </form>
    </details>
  );
}

/** Returns the user of a simplejwt access token. The API checks the signature; this explains common mistakes. */
function userIdOf(token: string): string {
  let claims;
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    claims = JSON.parse(atob(payload)) as { user_id?: string; token_type?: string; exp?: number };
  } catch {
    throw new Error('Ce n’est pas un jeton d’accès (JWT).');
  }
  if (claims.token_type === 'refresh') {
    throw new Error('C’est un jeton de rafraîchissement : il faut un jeton d’accès.');
  }
  if (!claims.user_id) throw new Error('Ce jeton ne nomme aucun utilisateur (user_id).');
  if (claims.exp !== undefined && claims.exp * 1_000 < Date.now()) throw new Error('Ce jeton a expiré.');
  return claims.user_id;
}
