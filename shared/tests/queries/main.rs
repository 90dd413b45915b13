//! One test per query and rule, each on a real PostgreSQL with a database of its own: nothing else checks the SQL.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up is a failed test"
)]

mod activity;
mod analytics;
mod any_text;
mod archive_room;
mod blocks;
mod create_room;
mod database;
mod deleted;
mod delivery_circuit;
mod disclosure;
mod firebase_users;
mod get_room;
mod inspect;
mod lifecycle;
mod list_messages;
mod list_rooms;
mod mark_read;
mod migrate;
mod mirror;
mod person_limits;
mod plans;
mod platform;
mod platform_messages;
mod pushes;
mod quick_replies;
mod quiet;
mod reports;
mod room_list_versions;
mod search_bounds;
mod search_folding;
mod search_messages;
mod search_migration;
mod send_limits;
mod send_message;
mod trust;
mod typing;
mod unreachable;
mod unread_count;
mod webhooks;
