import type { UserType } from '../generated/typescript';

/** `config.json`, which is served beside the page: the same page serves the local stack and any deployed API. */
export interface Config {
  /** Where `/api/v1/chat/` begins. */
  api_url: string;
  firebase: {
    /** The web API key of the project; anything for an emulator. Where the database is, `firebase_token/` says. */
    api_key: string;
    /** `host:port` of an emulator or stand-in of the database, if there is one. */
    database_emulator?: string | null;
    /** The address of one for signing in. */
    auth_emulator?: string | null;
  };
  /** Whom a visitor may be, and write to. Tokens are for the local stack only. */
  people: Person[];
  deliveries: Delivery[];
}

export interface Person {
  id: string;
  full_name: string;
  user_type: UserType;
  token?: string;
}

/** What a conversation can be about. */
export interface Delivery {
  id: string;
  tracking_number: string;
  driver_id: string;
  client_id: string | null;
  merchant_id: string | null;
}

export async function readConfig(): Promise<Config> {
  const response = await fetch('config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json : ${response.status}`);
  return (await response.json()) as Config;
}
