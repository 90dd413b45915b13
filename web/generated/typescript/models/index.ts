/* tslint:disable */
/* eslint-disable */
/**
 * 
 * @export
 * @interface Analytics
 */
export interface Analytics {
    /**
     * 
     */
    from: string;
    /**
     * 
     */
    to: string;
    /**
     * The IANA name of the time zone whose days they are.
     */
    time_zone: string;
    /**
     * The same as `time_zone`.
     * @deprecated
     */
    timezone: string;
    /**
     * The time up to which everything is counted; null before the first run.
     */
    as_of: string | null;
    /**
     * 
     */
    messages: MessageCounts;
    /**
     * Conversations in which a user wrote.
     */
    active_conversations: number;
    /**
     * Which were opened.
     */
    new_conversations: number;
    /**
     * 
     */
    first_answer: AnalyticsFirstAnswer;
    /**
     * Of the messages sent.
     */
    read_within_5_minutes: Share;
    /**
     * Writes that Firebase took.
     */
    mirror: Share;
    /**
     * 
     */
    days: Array<AnalyticsDaysInner>;
}
/**
 * 
 * @export
 * @interface AnalyticsDaysInner
 */
export interface AnalyticsDaysInner {
    /**
     * 
     */
    date: string;
    /**
     * 
     */
    messages: MessageCounts;
    /**
     * 
     */
    active_conversations: number;
    /**
     * 
     */
    new_conversations: number;
}
/**
 * 
 * @export
 * @interface AnalyticsFirstAnswer
 */
export interface AnalyticsFirstAnswer {
    /**
     * 
     */
    driver: AnswerTimes;
    /**
     * 
     */
    other_user: AnswerTimes;
}
/**
 * Seconds, with an error of at most 2.2 %; null without a response.
 * @export
 * @interface AnswerTimes
 */
export interface AnswerTimes {
    /**
     * 
     */
    count: number;
    /**
     * 
     */
    median_seconds: number | null;
    /**
     * 
     */
    p95_seconds: number | null;
}
/**
 * 
 * @export
 * @interface ArchiveRoomRequest
 */
export interface ArchiveRoomRequest {
    /**
     * 
     */
    archive?: boolean;
}
/**
 * 
 * @export
 * @interface ArchiveRoomResult
 */
export interface ArchiveRoomResult {
    /**
     * 
     */
    success: boolean;
    /**
     * 
     */
    is_archived: boolean;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface AuditEntry
 */
export interface AuditEntry {
    /**
     * Grows with time.
     */
    id: number;
    /**
     * UTC, always with six fractional digits.
     */
    at: string;
    /**
     * An admin; null for the platform's backend.
     */
    actor_id: string | null;
    /**
     * `open_access`, `close_access`, `read_room`, `read_messages`, `search_messages`, `set_legal_hold`,
     * `lift_legal_hold`, `export_user` or `erase_user`. More may follow.
     * 
     */
    action: string;
    /**
     * 
     */
    room_id: string | null;
    /**
     * The person concerned.
     */
    subject_id: string | null;
    /**
     * `""` without a reason.
     */
    reason: string;
}
/**
 * 
 * @export
 * @interface AuditPage
 */
export interface AuditPage {
    /**
     * 
     */
    next: string | null;
    /**
     * The list is read in one direction.
     */
    previous: string | null;
    /**
     * 
     */
    results: Array<AuditEntry>;
}
/**
 * 
 * @export
 * @interface AuthenticationError
 */
export interface AuthenticationError {
    /**
     * For people, in French.
     */
    detail: string;
    /**
     * For programs.
     */
    code: AuthenticationErrorCodeEnum;
    /**
     * Why the token is rejected, with `token_not_valid`.
     */
    messages?: Array<TokenMessage>;
}


/**
 * @export
 */
export const AuthenticationErrorCodeEnum = {
    NotAuthenticated: 'not_authenticated',
    BadAuthorizationHeader: 'bad_authorization_header',
    TokenNotValid: 'token_not_valid',
    UserNotFound: 'user_not_found',
    UserInactive: 'user_inactive',
} as const;
export type AuthenticationErrorCodeEnum = typeof AuthenticationErrorCodeEnum[keyof typeof AuthenticationErrorCodeEnum];

/**
 * 
 * @export
 * @interface Block
 */
export interface Block {
    /**
     * 
     */
    user_id: string;
    /**
     * Null if the platform has deleted the user.
     */
    user: Person | null;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
}
/**
 * 
 * @export
 * @interface BlockEvent
 */
export interface BlockEvent {
    /**
     * The name of the event.
     */
    type: string;
    /**
     * UTC, always with six fractional digits.
     */
    timestamp: string;
    /**
     * 
     */
    data: BlockEventData;
}
/**
 * 
 * @export
 * @interface BlockEventData
 */
export interface BlockEventData {
    /**
     * 
     */
    blocker_id: string;
    /**
     * 
     */
    blocked_id: string;
}
/**
 * 
 * @export
 * @interface BlockPage
 */
export interface BlockPage {
    /**
     * 
     */
    count: number;
    /**
     * 
     */
    next: string | null;
    /**
     * 
     */
    previous: string | null;
    /**
     * 
     */
    results: Array<Block>;
}
/**
 * 
 * @export
 * @interface CreateRoomRequest
 */
export interface CreateRoomRequest {
    /**
     * The client, merchant or admin; if the caller is one of these, the driver.
     */
    other_user_id: string;
    /**
     * A delivery of exactly this driver and this client or merchant.
     */
    delivery_id?: string | null;
    /**
     * 
     */
    room_type: RoomType;
    /**
     * The caller's first text. It is sent only if the conversation is new.
     */
    initial_message?: string;
}


/**
 * The delivery that a conversation is about.
 * @export
 * @interface DeliveryInfo
 */
export interface DeliveryInfo {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    tracking_number: string;
    /**
     * 
     */
    pickup_address: string;
    /**
     * 
     */
    delivery_address: string;
}
/**
 * 
 * @export
 * @interface DeliveryReceipt
 */
export interface DeliveryReceipt {
    /**
     * 
     */
    chat_room_id: string;
    /**
     * The newest message that has arrived, with all before it.
     */
    seq: number;
}
/**
 * 
 * @export
 * @interface EditMessageRequest
 */
export interface EditMessageRequest {
    /**
     * Blank removes the caption of a photo or a location.
     */
    text: string;
}
/**
 * 
 * @export
 * @interface EraseUserRequest
 */
export interface EraseUserRequest {
    /**
     * Photos of earlier responses that the platform has deleted.
     */
    deleted_photos?: Array<string> | null;
    /**
     * Starts a finished erasure again.
     */
    again?: boolean;
}
/**
 * 
 * @export
 * @interface Erasure
 */
export interface Erasure {
    /**
     * 
     */
    user_id: string;
    /**
     * Whether nothing remains but conversations under legal hold.
     */
    is_finished: boolean;
    /**
     * Without those under legal hold.
     */
    rooms_remaining: number;
    /**
     * 
     */
    messages_erased: number;
    /**
     * 
     */
    rooms_on_hold: Array<string>;
    /**
     * 
     */
    photos: Array<string>;
    /**
     * Whether the platform's own table still has a name, a number or a photo of the person, which the chat then
     * still shows.
     * 
     */
    profile_remains: boolean;
}
/**
 * 
 * @export
 * @interface ErrorDetail
 */
export interface ErrorDetail {
    /**
     * For people, in French.
     */
    detail: string;
}
/**
 * `/inboxes/{user_id}/{room_id}`: a conversation as this user sees it. An entry exists while the room is open
 * and is not archived by this user, or has unread messages. The sum of `unread_count` equals
 * `GET /rooms/unread_count/`. The list shows entries that are not archived, ordered by `sort_at`. Firebase
 * stores no nulls: a field without a value is absent.
 * 
 * @export
 * @interface FirebaseInboxEntry
 */
export interface FirebaseInboxEntry {
    /**
     * 
     */
    room_type: RoomType;
    /**
     * 
     */
    other_participant?: FirebaseInboxEntryOtherParticipant;
    /**
     * Absent without a delivery.
     */
    tracking_number?: string;
    /**
     * 
     */
    last_message_text: string;
    /**
     * UTC, always with six fractional digits.
     */
    last_message_at?: string;
    /**
     * 
     */
    last_message_sender_id?: string;
    /**
     * `seq` of the newest message, for `mark_as_delivered`; 0 before the first. Absent in an entry that an earlier
     * release has written.
     * 
     */
    last_message_seq?: number;
    /**
     * `last_message_at`, or `created_at` before the first message.
     */
    sort_at: string;
    /**
     * 
     */
    unread_count: number;
    /**
     * 
     */
    is_archived: boolean;
    /**
     * 
     */
    is_muted: boolean;
    /**
     * The room's `metadata/revision`.
     */
    revision: number;
}


/**
 * Absent if the platform has deleted the user. The phone number is in the REST API only.
 * @export
 * @interface FirebaseInboxEntryOtherParticipant
 */
export interface FirebaseInboxEntryOtherParticipant {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    full_name: string;
    /**
     * 
     */
    user_type: UserType;
    /**
     * 
     */
    profile_photo_url?: string;
}


/**
 * `/chats/{room_id}/messages/{message_id}`: one of the newest 50 messages. Firebase stores no nulls: a field
 * without a value is absent.
 * 
 * @export
 * @interface FirebaseMessage
 */
export interface FirebaseMessage {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    seq: number;
    /**
     * Absent in a message of the platform.
     */
    sender_id?: string;
    /**
     * 
     */
    message_type: MessageType;
    /**
     * 
     */
    text: string;
    /**
     * 
     */
    image_url: string;
    /**
     * 
     */
    latitude?: number;
    /**
     * 
     */
    longitude?: number;
    /**
     * UTC, always with six fractional digits.
     */
    timestamp: string;
    /**
     * 
     */
    is_read: boolean;
    /**
     * UTC, always with six fractional digits.
     */
    read_at?: string;
    /**
     * UTC, always with six fractional digits.
     */
    edited_at?: string;
    /**
     * Then `text` and `image_url` are empty, and there are no coordinates.
     */
    is_deleted: boolean;
    /**
     * Of two copies of a message, here or from the API, the one with the higher revision is the newer one.
     */
    revision: number;
}


/**
 * `/chats/{room_id}/metadata`: the room. Firebase stores no nulls: a field without a value is absent.
 * 
 * @export
 * @interface FirebaseMetadata
 */
export interface FirebaseMetadata {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    room_type: RoomType;
    /**
     * 
     */
    driver_id: string;
    /**
     * 
     */
    other_user_id: string;
    /**
     * 
     */
    delivery_id?: string;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
    /**
     * Follows `closes_at_ms` within a minute.
     */
    is_active: boolean;
    /**
     * When the room closes, in milliseconds since 1970, the unit of `now` in the security rules.
     */
    closes_at_ms?: number;
    /**
     * UTC, always with six fractional digits.
     */
    unreachable_until?: string;
    /**
     * The ids of the participants whom the other one has blocked; absent without a block.
     */
    blocked?: { [key: string]: boolean; };
    /**
     * 
     */
    last_message_text: string;
    /**
     * UTC, always with six fractional digits.
     */
    last_message_at?: string;
    /**
     * 
     */
    last_message_sender_id?: string;
    /**
     * Grows with every change. The security rules reject a write whose revision does not grow.
     */
    revision: number;
}


/**
 * `/chats/{room_id}/receipts/{user_id}`: how far a participant has received and read the messages. Both watermarks
 * only grow.
 * 
 * @export
 * @interface FirebaseReceipt
 */
export interface FirebaseReceipt {
    /**
     * Messages up to this one have been delivered.
     */
    delivered_seq: number;
    /**
     * All received messages up to this one are read or deleted.
     */
    read_seq: number;
}
/**
 * 
 * @export
 * @interface FirebaseToken
 */
export interface FirebaseToken {
    /**
     * A JWT, RS256, of the service account.
     */
    token: string;
    /**
     * In seconds.
     */
    expires_in: number;
    /**
     * The first of `database_urls`.
     */
    database_url: string;
    /**
     * The databases of the deployment. The token is valid for each. `firebase_database_url` of a room names its own; the
     * caller's inbox is spread over all of them.
     * 
     */
    database_urls: Array<string>;
    /**
     * The path of the caller's inbox in each database.
     */
    inbox_path: string;
}
/**
 * `/chats/{room_id}/typing/{user_id}`: the user is typing. An entry older than 10 s has no meaning.
 * 
 * @export
 * @interface FirebaseTyping
 */
export interface FirebaseTyping {
    /**
     * 
     */
    timestamp: string;
}
/**
 * 
 * @export
 * @interface FoundMessage
 */
export interface FoundMessage {
    /**
     * 
     */
    id: string;
    /**
     * The conversation.
     */
    chat_room: string;
    /**
     * Null for a message of the platform, and if the platform has deleted the user.
     */
    sender: MessageSender | null;
    /**
     * 
     */
    message_type: MessageType;
    /**
     * Empty for an image or a location without words.
     */
    text: string;
    /**
     * Empty unless it is an image.
     */
    image_url: string;
    /**
     * 
     */
    latitude: number | null;
    /**
     * 
     */
    longitude: number | null;
    /**
     * It has reached a device of the recipient (`mark_as_delivered`), or the recipient has read it. For a message
     * of the platform this is the caller's state.
     * 
     */
    is_delivered: boolean;
    /**
     * Read by the recipient. A message of the platform has two recipients: this is the caller's state, who has
     * read it, and in Firebase, which has one value for both phones, both have.
     * 
     */
    is_read: boolean;
    /**
     * 
     */
    read_at: string | null;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
    /**
     * The time of the last edit.
     */
    edited_at: string | null;
    /**
     * Deleted by its sender, for everybody. `text` and `image_url` are then empty, the coordinates null.
     * 
     */
    is_deleted: boolean;
    /**
     * 
     */
    deleted_at: string | null;
    /**
     * The number of the message in its conversation, dense, from 1. It is the order.
     */
    seq: number;
    /**
     * The conversation's revision that last changed the message. Of two copies of a message, the one with the
     * higher revision is the newer one.
     * 
     */
    revision: number;
    /**
     * Only in a history that an admin reads by `access/`: the contents before edits and a deletion, oldest first.
     * 
     */
    versions?: Array<{ [key: string]: any; }>;
    /**
     * About 200 characters of the text around the first match, as HTML: `<mark>` and `</mark>` around the
     * words that match, all else escaped. `…` where the text goes on.
     * 
     */
    highlight: string;
}


/**
 * 
 * @export
 * @interface FoundMessages
 */
export interface FoundMessages {
    /**
     * The URL of the next page.
     */
    next: string | null;
    /**
     * Always null.
     */
    previous: string | null;
    /**
     * 
     */
    results: Array<FoundMessage>;
}
/**
 * 
 * @export
 * @interface HandleReportRequest
 */
export interface HandleReportRequest {
    /**
     * 
     */
    status: HandleReportRequestStatusEnum;
    /**
     * Trimmed; without NUL.
     */
    note?: string | null;
}


/**
 * @export
 */
export const HandleReportRequestStatusEnum = {
    Resolved: 'resolved',
    Dismissed: 'dismissed',
} as const;
export type HandleReportRequestStatusEnum = typeof HandleReportRequestStatusEnum[keyof typeof HandleReportRequestStatusEnum];

/**
 * 
 * @export
 * @interface LegalHold
 */
export interface LegalHold {
    /**
     * 
     */
    success: boolean;
    /**
     * 
     */
    legal_hold: boolean;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface MarkMessagesDeliveredRequest
 */
export interface MarkMessagesDeliveredRequest {
    /**
     * 
     */
    receipts: Array<DeliveryReceipt>;
}
/**
 * 
 * @export
 * @interface MarkMessagesDeliveredResult
 */
export interface MarkMessagesDeliveredResult {
    /**
     * 
     */
    success: boolean;
    /**
     * The conversations whose watermark has grown.
     */
    count: number;
}
/**
 * At least one of the two.
 * @export
 * @interface MarkMessagesReadRequest
 */
export interface MarkMessagesReadRequest {
    /**
     * 
     */
    message_ids?: Array<string>;
    /**
     * 
     */
    chat_room_id?: string;
}
/**
 * 
 * @export
 * @interface MarkMessagesReadResult
 */
export interface MarkMessagesReadResult {
    /**
     * 
     */
    success: boolean;
    /**
     * 
     */
    count: number;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface MarkRoomReadResult
 */
export interface MarkRoomReadResult {
    /**
     * 
     */
    success: boolean;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface Message
 */
export interface Message {
    /**
     * 
     */
    id: string;
    /**
     * The conversation.
     */
    chat_room: string;
    /**
     * Null for a message of the platform, and if the platform has deleted the user.
     */
    sender: MessageSender | null;
    /**
     * 
     */
    message_type: MessageType;
    /**
     * Empty for an image or a location without words.
     */
    text: string;
    /**
     * Empty unless it is an image.
     */
    image_url: string;
    /**
     * 
     */
    latitude: number | null;
    /**
     * 
     */
    longitude: number | null;
    /**
     * It has reached a device of the recipient (`mark_as_delivered`), or the recipient has read it. For a message
     * of the platform this is the caller's state.
     * 
     */
    is_delivered: boolean;
    /**
     * Read by the recipient. A message of the platform has two recipients: this is the caller's state, who has
     * read it, and in Firebase, which has one value for both phones, both have.
     * 
     */
    is_read: boolean;
    /**
     * 
     */
    read_at: string | null;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
    /**
     * The time of the last edit.
     */
    edited_at: string | null;
    /**
     * Deleted by its sender, for everybody. `text` and `image_url` are then empty, the coordinates null.
     * 
     */
    is_deleted: boolean;
    /**
     * 
     */
    deleted_at: string | null;
    /**
     * The number of the message in its conversation, dense, from 1. It is the order.
     */
    seq: number;
    /**
     * The conversation's revision that last changed the message. Of two copies of a message, the one with the
     * higher revision is the newer one.
     * 
     */
    revision: number;
    /**
     * Only in a history that an admin reads by `access/`: the contents before edits and a deletion, oldest first.
     * 
     */
    versions?: Array<{ [key: string]: any; }>;
}


/**
 * 
 * @export
 * @interface MessageCounts
 */
export interface MessageCounts {
    /**
     * 
     */
    total: number;
    /**
     * 
     */
    text: number;
    /**
     * 
     */
    image: number;
    /**
     * 
     */
    location: number;
    /**
     * 
     */
    system: number;
}
/**
 * 
 * @export
 * @interface MessageEvent
 */
export interface MessageEvent {
    /**
     * The name of the event.
     */
    type: string;
    /**
     * UTC, always with six fractional digits.
     */
    timestamp: string;
    /**
     * 
     */
    data: MessageEventData;
}
/**
 * 
 * @export
 * @interface MessageEventData
 */
export interface MessageEventData {
    /**
     * Null if the room no longer exists.
     */
    room: WebhookRoom | null;
    /**
     * The message as it is at the time of the attempt; null if it no longer exists. For a message of the
     * platform, it is read and delivered once it is so for both participants.
     * 
     */
    message: Message | null;
}

/**
 * A minus sign means newest first.
 * @export
 */
export const MessageOrdering = {
    newestFirst: '-created_at',
    oldestFirst: 'created_at',
} as const;
export type MessageOrdering = typeof MessageOrdering[keyof typeof MessageOrdering];

/**
 * 
 * @export
 * @interface MessagePage
 */
export interface MessagePage {
    /**
     * On all pages together.
     */
    count: number;
    /**
     * The address of the next page.
     */
    next: string | null;
    /**
     * The address of the page before.
     */
    previous: string | null;
    /**
     * 
     */
    results: Array<Message>;
    /**
     * The conversation's revision. Ask for later changes with `changed_since`.
     */
    revision: number;
    /**
     * Only with `changed_since`. Both participants' watermarks by their ids, as in Firebase.
     */
    receipts?: { [key: string]: ReceiptState; };
}
/**
 * 
 * @export
 * @interface MessageSender
 */
export interface MessageSender {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    full_name: string;
    /**
     * The platform's value; null or empty without a photo.
     */
    profile_photo_url: string | null;
}

/**
 * 
 * @export
 */
export const MessageType = {
    Text: 'text',
    Image: 'image',
    Location: 'location',
    System: 'system',
} as const;
export type MessageType = typeof MessageType[keyof typeof MessageType];

/**
 * 
 * @export
 * @interface MuteRoomRequest
 */
export interface MuteRoomRequest {
    /**
     * 
     */
    mute?: boolean;
}
/**
 * 
 * @export
 * @interface MuteRoomResult
 */
export interface MuteRoomResult {
    /**
     * 
     */
    success: boolean;
    /**
     * 
     */
    is_muted: boolean;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface NotificationSettings
 */
export interface NotificationSettings {
    /**
     * False: no push at all.
     */
    push_enabled: boolean;
    /**
     * The daily start of quiet hours; null without quiet hours.
     */
    quiet_from: string | null;
    /**
     * The end of quiet hours, exclusive. If it is before `quiet_from`, it is on the next day.
     */
    quiet_to: string | null;
    /**
     * The IANA name of the time zone that these hours are in.
     */
    time_zone: string;
}
/**
 * 
 * @export
 * @interface OwnReport
 */
export interface OwnReport {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    message_id: string;
    /**
     * 
     */
    chat_room: string;
    /**
     * 
     */
    reason: ReportReason;
    /**
     * Empty without one.
     */
    comment: string;
    /**
     * 
     */
    status: ReportStatus;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
}


/**
 * A participant of a conversation.
 * @export
 * @interface Participant
 */
export interface Participant {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    full_name: string;
    /**
     * Empty if the deployment does not disclose it (`PHONE_DISCLOSURE`), or the platform has none.
     */
    phone_number: string;
    /**
     * 
     */
    user_type: UserType;
    /**
     * The platform's value; null or empty without a photo.
     */
    profile_photo_url: string | null;
}


/**
 * A user without their phone number.
 * @export
 * @interface Person
 */
export interface Person {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    full_name: string;
    /**
     * 
     */
    user_type: UserType;
    /**
     * 
     */
    profile_photo_url: string | null;
}


/**
 * 
 * @export
 * @interface PlatformEvent
 */
export interface PlatformEvent {
    /**
     * Made once for each event; a repeat is known by it.
     */
    event_id: string;
    /**
     * 
     */
    event: PlatformEventEventEnum;
    /**
     * 
     */
    delivery_id: string;
    /**
     * RFC 3339 with a time zone. A future time counts as now.
     */
    occurred_at?: string | null;
}


/**
 * @export
 */
export const PlatformEventEventEnum = {
    Assigned: 'assigned',
    PickedUp: 'picked_up',
    Arriving: 'arriving',
    Delivered: 'delivered',
    Cancelled: 'cancelled',
} as const;
export type PlatformEventEventEnum = typeof PlatformEventEventEnum[keyof typeof PlatformEventEventEnum];

/**
 * 
 * @export
 * @interface PlatformEventResult
 */
export interface PlatformEventResult {
    /**
     * 
     */
    event_id: string;
    /**
     * 
     */
    event: PlatformEventResultEventEnum;
    /**
     * 
     */
    delivery_id: string;
    /**
     * The conversations that have the message.
     */
    rooms: Array<string>;
}


/**
 * @export
 */
export const PlatformEventResultEventEnum = {
    Assigned: 'assigned',
    PickedUp: 'picked_up',
    Arriving: 'arriving',
    Delivered: 'delivered',
    Cancelled: 'cancelled',
} as const;
export type PlatformEventResultEventEnum = typeof PlatformEventResultEventEnum[keyof typeof PlatformEventResultEventEnum];

/**
 * Either `delivery_id` or `chat_room_id`.
 * @export
 * @interface PlatformMessage
 */
export interface PlatformMessage {
    /**
     * Made once for each message; a repeat is known by it.
     */
    message_id: string;
    /**
     * 
     */
    delivery_id?: string | null;
    /**
     * 
     */
    chat_room_id?: string | null;
    /**
     * Trimmed; without NUL.
     */
    text: string;
    /**
     * Whether the participants' devices get a push.
     */
    push?: boolean;
}
/**
 * 
 * @export
 * @interface PlatformMessageResult
 */
export interface PlatformMessageResult {
    /**
     * 
     */
    message_id: string;
    /**
     * The conversations that have the message.
     */
    rooms: Array<string>;
}
/**
 * 
 * @export
 * @interface QuickReplies
 */
export interface QuickReplies {
    /**
     * The language of the texts.
     */
    language: QuickRepliesLanguageEnum;
    /**
     * The last event of the delivery; null without one.
     */
    event: QuickRepliesEventEnum | null;
    /**
     * 
     */
    results: Array<QuickReply>;
}


/**
 * @export
 */
export const QuickRepliesLanguageEnum = {
    Fr: 'fr',
    En: 'en',
} as const;
export type QuickRepliesLanguageEnum = typeof QuickRepliesLanguageEnum[keyof typeof QuickRepliesLanguageEnum];

/**
 * @export
 */
export const QuickRepliesEventEnum = {
    Assigned: 'assigned',
    PickedUp: 'picked_up',
    Arriving: 'arriving',
    Delivered: 'delivered',
    Cancelled: 'cancelled',
} as const;
export type QuickRepliesEventEnum = typeof QuickRepliesEventEnum[keyof typeof QuickRepliesEventEnum];

/**
 * 
 * @export
 * @interface QuickReply
 */
export interface QuickReply {
    /**
     * 
     */
    key: string;
    /**
     * 
     */
    text: string;
}
/**
 * 
 * @export
 * @interface ReasonRequest
 */
export interface ReasonRequest {
    /**
     * For the audit log. It names no private data.
     */
    reason: string;
}
/**
 * 
 * @export
 * @interface ReceiptState
 */
export interface ReceiptState {
    /**
     * Messages up to this one have been delivered.
     */
    delivered_seq: number;
    /**
     * All received messages up to this one are read or deleted.
     */
    read_seq: number;
}
/**
 * 
 * @export
 * @interface RegisterDeviceResult
 */
export interface RegisterDeviceResult {
    /**
     * 
     */
    success: boolean;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface Report
 */
export interface Report {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    message_id: string;
    /**
     * 
     */
    chat_room: string;
    /**
     * 
     */
    reason: ReportReason;
    /**
     * The reporter's; empty without one.
     */
    comment: string;
    /**
     * 
     */
    status: ReportStatus;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
    /**
     * Null once retention or an erasure has removed it.
     */
    snapshot: ReportSnapshot | null;
    /**
     * Null if the platform has deleted the user, or after an erasure.
     */
    reporter: Person | null;
    /**
     * The sender of the message; null as for `reporter`.
     */
    reported: Person | null;
    /**
     * The admin who last changed the status.
     */
    handled_by: Person | null;
    /**
     * UTC, always with six fractional digits.
     */
    handled_at: string | null;
    /**
     * The admin's; empty without one.
     */
    note: string;
}


/**
 * 
 * @export
 * @interface ReportEvent
 */
export interface ReportEvent {
    /**
     * The name of the event.
     */
    type: string;
    /**
     * UTC, always with six fractional digits.
     */
    timestamp: string;
    /**
     * 
     */
    data: ReportEventData;
}
/**
 * 
 * @export
 * @interface ReportEventData
 */
export interface ReportEventData {
    /**
     * 
     */
    room: WebhookRoom | null;
    /**
     * The message as it is at the time of the attempt.
     */
    message: Message | null;
    /**
     * 
     */
    report_id: string;
    /**
     * Null if the report no longer exists.
     */
    report: WebhookReport | null;
}
/**
 * 
 * @export
 * @interface ReportMessage400Response
 */
export interface ReportMessage400Response {
    /**
     * For people, in French.
     */
    detail: string;
    /**
     * Reasons without a field.
     */
    non_field_errors?: Array<string>;
}
/**
 * 
 * @export
 * @interface ReportMessageRequest
 */
export interface ReportMessageRequest {
    /**
     * 
     */
    reason: ReportReason;
    /**
     * Trimmed; without NUL.
     */
    comment?: string | null;
}


/**
 * 
 * @export
 * @interface ReportPage
 */
export interface ReportPage {
    /**
     * 
     */
    count: number;
    /**
     * 
     */
    next: string | null;
    /**
     * 
     */
    previous: string | null;
    /**
     * 
     */
    results: Array<Report>;
}

/**
 * 
 * @export
 */
export const ReportReason = {
    Harassment: 'harassment',
    Fraud: 'fraud',
    Spam: 'spam',
    Other: 'other',
} as const;
export type ReportReason = typeof ReportReason[keyof typeof ReportReason];

/**
 * The message at the time of the report. A deleted message has its last content.
 * @export
 * @interface ReportSnapshot
 */
export interface ReportSnapshot {
    /**
     * 
     */
    seq: number;
    /**
     * 
     */
    message_type: MessageType;
    /**
     * 
     */
    text: string;
    /**
     * 
     */
    image_url: string;
    /**
     * 
     */
    latitude: number | null;
    /**
     * 
     */
    longitude: number | null;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
    /**
     * UTC, always with six fractional digits.
     */
    edited_at: string | null;
    /**
     * UTC, always with six fractional digits.
     */
    deleted_at: string | null;
}



/**
 * 
 * @export
 */
export const ReportStatus = {
    Open: 'open',
    Resolved: 'resolved',
    Dismissed: 'dismissed',
} as const;
export type ReportStatus = typeof ReportStatus[keyof typeof ReportStatus];

/**
 * 
 * @export
 * @interface RoomAccess
 */
export interface RoomAccess {
    /**
     * 
     */
    success: boolean;
    /**
     * UTC, always with six fractional digits.
     */
    expires_at: string;
    /**
     * 
     */
    message: string;
}
/**
 * A conversation.
 * @export
 * @interface RoomDetail
 */
export interface RoomDetail {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    room_type: RoomType;
    /**
     * Null if the platform has deleted that user.
     */
    driver: Participant | null;
    /**
     * Null if the platform has deleted that user.
     */
    other_participant: Participant | null;
    /**
     * Null if the conversation is about no delivery, or if the platform has deleted it.
     */
    delivery_info: DeliveryInfo | null;
    /**
     * As in the list.
     */
    last_message_text: string;
    /**
     * Null before the first message.
     */
    last_message_at: string | null;
    /**
     * 
     */
    unread_count: number;
    /**
     * Nothing can be sent into an inactive conversation.
     */
    is_active: boolean;
    /**
     * From when on the conversation is inactive, because its delivery was delivered or cancelled; null where it
     * goes on.
     * 
     */
    closes_at: string | null;
    /**
     * Until when the customer can respond to the driver's call (`unreachable/`); null unless a call lasts.
     * 
     */
    unreachable_until: string | null;
    /**
     * By the caller.
     */
    is_archived: boolean;
    /**
     * Whether the caller has turned off the pushes of this room.
     */
    is_muted: boolean;
    /**
     * Whether the caller has blocked the other participant.
     */
    is_blocked: boolean;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
    /**
     * The conversation's path in Firebase.
     */
    firebase_path: string;
    /**
     * For how many seconds after `created_at` the sender of a message may edit or delete it; 0: never. The same for
     * all rooms.
     * 
     */
    edit_window_seconds: number;
    /**
     * The conversation's database in Firebase, one of the `database_urls` of `/firebase_token/`. Null without live
     * updates.
     * 
     */
    firebase_database_url: string | null;
}


/**
 * 
 * @export
 * @interface RoomEvent
 */
export interface RoomEvent {
    /**
     * The name of the event.
     */
    type: string;
    /**
     * UTC, always with six fractional digits.
     */
    timestamp: string;
    /**
     * 
     */
    data: RoomEventData;
}
/**
 * 
 * @export
 * @interface RoomEventData
 */
export interface RoomEventData {
    /**
     * Null if the room no longer exists.
     */
    room: WebhookRoom | null;
}

/**
 * A minus sign means newest first.
 * @export
 */
export const RoomOrdering = {
    lastMessageNewestFirst: '-last_message_at',
    lastMessageOldestFirst: 'last_message_at',
    createdNewestFirst: '-created_at',
    createdOldestFirst: 'created_at',
} as const;
export type RoomOrdering = typeof RoomOrdering[keyof typeof RoomOrdering];

/**
 * 
 * @export
 * @interface RoomPage
 */
export interface RoomPage {
    /**
     * On all pages together.
     */
    count: number;
    /**
     * The address of the next page.
     */
    next: string | null;
    /**
     * The address of the page before.
     */
    previous: string | null;
    /**
     * 
     */
    results: Array<RoomSummary>;
}
/**
 * A conversation in a list.
 * @export
 * @interface RoomSummary
 */
export interface RoomSummary {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    room_type: RoomType;
    /**
     * Null if the platform has deleted that user.
     */
    other_participant: Participant | null;
    /**
     * Null if the conversation is about no delivery, or if the platform has deleted it.
     */
    delivery_info: DeliveryInfo | null;
    /**
     * The beginning of the last message; `📷 Photo` or `📍 Position partagée` for one without text; empty
     * before the first message.
     * 
     */
    last_message_text: string;
    /**
     * Null before the first message.
     */
    last_message_at: string | null;
    /**
     * Messages that the caller has received and not read.
     */
    unread_count: number;
    /**
     * By the caller.
     */
    is_archived: boolean;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
}



/**
 * `delivery` is with a client or a merchant, `support` with an admin.
 * @export
 */
export const RoomType = {
    Delivery: 'delivery',
    Support: 'support',
} as const;
export type RoomType = typeof RoomType[keyof typeof RoomType];

/**
 * `text` needs `text` or `quick_reply_key`, `system` needs `text`, `image` needs `image_url`, `location` needs `latitude` and `longitude`.
 * Fields of another type are dropped.
 * 
 * @export
 * @interface SendMessageRequest
 */
export interface SendMessageRequest {
    /**
     * 
     */
    chat_room_id: string;
    /**
     * 
     */
    message_type?: MessageType;
    /**
     * Trimmed; without NUL. Optional for an image or a location.
     */
    text?: string;
    /**
     * For a text, instead of `text`: a key of `quick_replies/`. The message has the text of that quick reply in the
     * caller's language.
     * 
     */
    quick_reply_key?: string | null;
    /**
     * 
     */
    image_url?: string;
    /**
     * In degrees (WGS 84).
     */
    latitude?: number;
    /**
     * In degrees (WGS 84).
     */
    longitude?: number;
    /**
     * Chosen by the client once per message and used for each repeat.
     */
    client_message_id?: string;
}


/**
 * 
 * @export
 * @interface SetNotificationSettingsRequest
 */
export interface SetNotificationSettingsRequest {
    /**
     * 
     */
    push_enabled: boolean;
    /**
     * Requires `quiet_to`.
     */
    quiet_from?: string | null;
    /**
     * Hours and minutes.
     */
    quiet_to?: string | null;
    /**
     * 
     */
    time_zone?: string;
}
/**
 * 
 * @export
 * @interface SetTypingRequest
 */
export interface SetTypingRequest {
    /**
     * 
     */
    is_typing: boolean;
}
/**
 * 
 * @export
 * @interface SetTypingResult
 */
export interface SetTypingResult {
    /**
     * 
     */
    success: boolean;
}
/**
 * 
 * @export
 * @interface Share
 */
export interface Share {
    /**
     * 
     */
    total: number;
    /**
     * 
     */
    count: number;
    /**
     * `count / total`; null where `total` is 0.
     */
    share: number | null;
}
/**
 * 
 * @export
 * @interface SignUploadRequest
 */
export interface SignUploadRequest {
    /**
     * 
     */
    chat_room_id: string;
}
/**
 * 
 * @export
 * @interface SignedUpload
 */
export interface SignedUpload {
    /**
     * 
     */
    upload_url: string;
    /**
     * 
     */
    fields: SignedUploadFields;
    /**
     * The phone has to keep to it.
     */
    max_bytes: number;
    /**
     * In seconds.
     */
    expires_in: number;
}
/**
 * Signed fields. Post all of them unchanged, and no others.
 * @export
 * @interface SignedUploadFields
 */
export interface SignedUploadFields {
    [key: string]: string | any;
    /**
     * 
     */
    api_key: string;
    /**
     * 
     */
    public_id: string;
    /**
     * 
     */
    signature: string;
    /**
     * 
     */
    timestamp: string;
}
/**
 * 
 * @export
 * @interface TokenMessage
 */
export interface TokenMessage {
    /**
     * 
     */
    token_class: string;
    /**
     * 
     */
    token_type: string;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface UnreachableCall
 */
export interface UnreachableCall {
    /**
     * 
     */
    success: boolean;
    /**
     * UTC, always with six fractional digits.
     */
    unreachable_until: string;
    /**
     * 
     */
    message: string;
}
/**
 * 
 * @export
 * @interface UnreachableEvent
 */
export interface UnreachableEvent {
    /**
     * The name of the event.
     */
    type: string;
    /**
     * UTC, always with six fractional digits.
     */
    timestamp: string;
    /**
     * 
     */
    data: UnreachableEventData;
}
/**
 * 
 * @export
 * @interface UnreachableEventData
 */
export interface UnreachableEventData {
    /**
     * 
     */
    room: WebhookRoom | null;
    /**
     * The system message that made the call.
     */
    message: Message | null;
    /**
     * 
     */
    call: UnreachableEvidence;
}
/**
 * 
 * @export
 * @interface UnreachableEvidence
 */
export interface UnreachableEvidence {
    /**
     * The id of the system message.
     */
    id: string;
    /**
     * UTC, always with six fractional digits.
     */
    called_at: string;
    /**
     * UTC, always with six fractional digits.
     */
    until: string;
    /**
     * UTC, always with six fractional digits.
     */
    ended_at: string;
    /**
     * The driver's messages since the last answer, and the call's own, oldest first, without their texts.
     */
    messages: Array<UnreachableEvidenceMessagesInner>;
    /**
     * The number of the customer's devices that the call was pushed to.
     */
    push_devices: number | null;
    /**
     * The time of the customer's last message.
     */
    last_answer_at: string | null;
}
/**
 * 
 * @export
 * @interface UnreachableEvidenceMessagesInner
 */
export interface UnreachableEvidenceMessagesInner {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    seq: number;
    /**
     * 
     */
    sender_id: string | null;
    /**
     * 
     */
    message_type: MessageType;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
    /**
     * 
     */
    is_deleted: boolean;
    /**
     * 
     */
    is_delivered: boolean;
    /**
     * 
     */
    is_read: boolean;
    /**
     * 
     */
    read_at: string | null;
}


/**
 * 
 * @export
 * @interface UnreadCount
 */
export interface UnreadCount {
    /**
     * 
     */
    unread_count: number;
}
/**
 * 
 * @export
 * @interface UserExport
 */
export interface UserExport {
    /**
     * 
     */
    next: string | null;
    /**
     * 
     */
    user_id: string;
    /**
     * `devices`, `notification_settings`, `blocks` and `reports`, on the first page.
     */
    profile: { [key: string]: any; } | null;
    /**
     * 
     */
    rooms: Array<{ [key: string]: any; }>;
    /**
     * What the person sent, with the earlier `versions`.
     */
    messages: Array<{ [key: string]: any; }>;
    /**
     * What the person received and has read, without the texts, which are another person's.
     */
    receipts: Array<{ [key: string]: any; }>;
}

/**
 * 
 * @export
 */
export const UserType = {
    Driver: 'driver',
    Client: 'client',
    Merchant: 'merchant',
    Admin: 'admin',
} as const;
export type UserType = typeof UserType[keyof typeof UserType];

/**
 * The reasons by field, or only `detail` if the body is not JSON.
 * @export
 * @interface ValidationError
 */
export interface ValidationError {
    [key: string]: ValidationErrorValue | any;
    /**
     * 
     */
    detail?: string;
    /**
     * Reasons without a field.
     */
    non_field_errors?: Array<string>;
}
/**
 * @type ValidationErrorValue
 * The reasons; of a list, the reasons of its bad elements by their index.
 * @export
 */
export type ValidationErrorValue = Array<string> | { [key: string]: Array<string>; };
/**
 * 
 * @export
 * @interface WebhookEventPage
 */
export interface WebhookEventPage {
    /**
     * 
     */
    next: string | null;
    /**
     * The list is read in one direction.
     */
    previous: string | null;
    /**
     * 
     */
    results: Array<WebhookEventPageResultsInner>;
}
/**
 * 
 * @export
 * @interface WebhookEventPageResultsInner
 */
export interface WebhookEventPageResultsInner {
    /**
     * The `webhook-id`.
     */
    id: string;
    /**
     * The name of the event.
     */
    type: string;
    /**
     * UTC, always with six fractional digits.
     */
    timestamp: string;
    /**
     * As in the webhook.
     */
    data: { [key: string]: any; };
    /**
     * `given_up`: the endpoint has rejected it for three days.
     */
    state: WebhookEventPageResultsInnerStateEnum;
}


/**
 * @export
 */
export const WebhookEventPageResultsInnerStateEnum = {
    Pending: 'pending',
    Delivered: 'delivered',
    GivenUp: 'given_up',
} as const;
export type WebhookEventPageResultsInnerStateEnum = typeof WebhookEventPageResultsInnerStateEnum[keyof typeof WebhookEventPageResultsInnerStateEnum];

/**
 * 
 * @export
 * @interface WebhookReport
 */
export interface WebhookReport {
    /**
     * 
     */
    id: string;
    /**
     * Null after the erasure of the person.
     */
    reporter_id: string | null;
    /**
     * The sender of the message.
     */
    reported_id: string | null;
    /**
     * `harassment`, `fraud`, `spam` or `other`.
     */
    reason: string;
    /**
     * 
     */
    comment: string;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
}
/**
 * A room as neither side's view. The platform has the names and addresses itself.
 * @export
 * @interface WebhookRoom
 */
export interface WebhookRoom {
    /**
     * 
     */
    id: string;
    /**
     * 
     */
    room_type: RoomType;
    /**
     * 
     */
    driver_id: string;
    /**
     * 
     */
    other_user_id: string;
    /**
     * 
     */
    delivery_id: string | null;
    /**
     * Whether messages can be sent.
     */
    is_active: boolean;
    /**
     * When the room closes, if its delivery has ended.
     */
    closes_at: string | null;
    /**
     * UTC, always with six fractional digits.
     */
    created_at: string;
}


