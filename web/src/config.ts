import type { UserType } from '../generated/typescript';

/** `config.json`, served beside the page, so that one build serves the local stack and any deployed API. */
export interface Config {
  /** The base URL of `/api/v1/chat/`. */
  api_url: string;
  firebase: {
    /** The project's web API key; any value for an emulator. `firebase_token/` returns the database's URL. */
    api_key: string;
    /** `host:port` of a database emulator or the stand-in, if it is not at the databases' URLs. */
    database_emulator?: string | null;
    /** The URL of an Auth emulator. */
    auth_emulator?: string | null;
  };
  /** The users that a visitor may be or write to. Tokens are for the local stack only. */
  people: Person[];
  deliveries: Delivery[];
}

export interface Person {
  id: string;
  full_name: string;
  user_type: UserType;
  token?: string;
}

/** The subject of a conversation. */
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
