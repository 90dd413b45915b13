import {
  Configuration,
  FirebaseApi,
  MessagesApi,
  ResponseError,
  RoomsApi,
  TrustApi,
  type CreateRoomRequest,
  type FirebaseToken,
  type MessagePage as RestPage,
  type QuickReplies,
  type ReportReason,
  type RoomDetail,
  type RoomPage,
  type SendMessageRequest,
} from '../../generated/typescript';
import type { DeliveryReceipt } from './delivery';
import { CallError } from './errors';
import type { Changes, MessagePage } from './history';
import { fromRest, type Message } from './message';
import type { Outgoing } from './outbox';

interface Options {
  baseUrl: string;
  token: string;
  fetch: typeof fetch;
}

/** The API over the generated client: domain types in and out, and every failure a CallError. */
export class Api {
  #rooms: RoomsApi;
  #messages: MessagesApi;
  #firebase: FirebaseApi;
  #trust: TrustApi;

  constructor({ baseUrl, token, fetch }: Options) {
    const configuration = new Configuration({ basePath: baseUrl, accessToken: token, fetchApi: fetch });
    this.#rooms = new RoomsApi(configuration);
    this.#messages = new MessagesApi(configuration);
    this.#firebase = new FirebaseApi(configuration);
    this.#trust = new TrustApi(configuration);
  }

  rooms(query: { search: string; includeArchived: boolean; page: number }): Promise<RoomPage> {
    return call(this.#rooms.listRooms(query));
  }

  room(roomId: string): Promise<RoomDetail> {
    return call(this.#rooms.getRoom({ roomId }));
  }

  createRoom(createRoomRequest: CreateRoomRequest): Promise<RoomDetail> {
    return call(this.#rooms.createRoom({ createRoomRequest }));
  }

  async archive(roomId: string, archive: boolean): Promise<void> {
    await call(this.#rooms.archiveRoom({ roomId, archiveRoomRequest: { archive } }));
  }

  async unreadCount(): Promise<number> {
    return (await call(this.#rooms.unreadCount())).unread_count;
  }

  async markMessagesRead(ids: string[]): Promise<void> {
    await call(this.#messages.markMessagesRead({ markMessagesReadRequest: { message_ids: ids } }));
  }

  async markDelivered(receipts: DeliveryReceipt[]): Promise<void> {
    await call(this.#messages.markMessagesDelivered({ markMessagesDeliveredRequest: { receipts } }));
  }

  /** Returns the newest messages, newest first. */
  async newestMessages(chatRoomId: string, pageSize: number): Promise<MessagePage> {
    return pageOf(await call(this.#messages.listMessages({ chatRoomId, pageSize })));
  }

  /** Returns the `limit` messages after `afterSeq`, oldest first. */
  async messagesAfter(chatRoomId: string, afterSeq: number, limit: number): Promise<MessagePage> {
    return pageOf(await call(this.#messages.listMessages({ chatRoomId, afterSeq, pageSize: limit })));
  }

  /** Returns what has changed since a revision: all of it, also if the server needs several responses. */
  async changes(chatRoomId: string, since: number): Promise<Changes> {
    const messages: Message[] = [];
    let position = { changedSince: since, afterSeq: 0 };
    for (;;) {
      const page = await call(this.#messages.listMessages({ chatRoomId, ...position }));
      messages.push(...page.results.map(fromRest));
      const last = page.results.at(-1);
      if (page.next === null || !last) return { messages, revision: page.revision, receipts: page.receipts ?? {} };
      position = { changedSince: last.revision, afterSeq: last.seq };
    }
  }

  async edit(messageId: string, text: string): Promise<Message> {
    return fromRest(await call(this.#messages.editMessage({ messageId, editMessageRequest: { text } })));
  }

  async delete(messageId: string): Promise<Message> {
    return fromRest(await call(this.#messages.deleteMessage({ messageId })));
  }

  async send(item: Outgoing): Promise<Message> {
    return fromRest(await call(this.#messages.sendMessage({ sendMessageRequest: requestOf(item) })));
  }

  quickReplies(roomId: string): Promise<QuickReplies> {
    return call(this.#messages.listQuickReplies({ roomId }));
  }

  async report(messageId: string, reason: ReportReason, comment: string): Promise<void> {
    await call(this.#trust.reportMessage({ messageId, reportMessageRequest: { reason, comment } }));
  }

  async block(userId: string, block: boolean): Promise<void> {
    await call<unknown>(block ? this.#trust.blockUser({ userId }) : this.#trust.unblockUser({ userId }));
  }

  /** Calls a customer who does not respond, and returns until when they can. */
  async callCustomer(roomId: string): Promise<string> {
    return (await call(this.#rooms.reportUnreachable({ roomId }))).unreachable_until;
  }

  async setTyping(roomId: string, isTyping: boolean): Promise<void> {
    await call(this.#firebase.setTyping({ roomId, setTypingRequest: { is_typing: isTyping } }));
  }

  firebaseToken(): Promise<FirebaseToken> {
    return call(this.#firebase.firebaseToken());
  }
}

const pageOf = ({ results, revision }: RestPage): MessagePage => ({ messages: results.map(fromRest), revision });

/** Omits the fields that a message type does not have: null is not a valid coordinate. */
function requestOf({
  roomId,
  clientMessageId,
  quickReplyKey,
  type,
  text,
  imageUrl,
  latitude,
  longitude,
}: Outgoing): SendMessageRequest {
  const request: SendMessageRequest = {
    chat_room_id: roomId,
    client_message_id: clientMessageId,
    message_type: type,
    ...(quickReplyKey ? { quick_reply_key: quickReplyKey } : { text }),
  };
  if (imageUrl !== '') request.image_url = imageUrl;
  if (latitude !== null && longitude !== null) Object.assign(request, { latitude, longitude });
  return request;
}

async function call<T>(response: Promise<T>): Promise<T> {
  try {
    return await response;
  } catch (error) {
    throw error instanceof ResponseError
      ? await rejection(error.response)
      : new CallError(null, 'Pas de réponse du serveur.');
  }
}

async function rejection(response: Response): Promise<CallError> {
  const retryAfter = Number(response.headers.get('retry-after'));
  return new CallError(response.status, wordsOf(await response.json().catch(() => null)), retryAfter || null);
}

/** Returns the texts of an error body: `{"detail": "…"}`, or the reasons by field. */
function wordsOf(body: unknown): string {
  const reasons = typeof body === 'object' && body !== null ? Object.values(body).flat() : [];
  const words = reasons.filter((reason) => typeof reason === 'string');
  return words.length > 0 ? words.join(' ') : 'Une erreur est survenue.';
}
