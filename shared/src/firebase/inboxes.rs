//! Inbox entries in Firebase that should not exist: of a room that PostgreSQL does not have, or of a user who is not a
//! participant. The mirror writes the entries of participants only.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde::Serialize;
use uuid::Uuid;

use super::compare::CompareError;
use super::{Shards, tree};
use crate::db::Database;
use crate::db::mirror::{self, InboxEntry};

/// The number of inboxes per request.
const BATCH: usize = 20;

/// The stray entries of a part of the inboxes.
#[derive(Debug, Default, Serialize)]
pub struct StrayEntries {
    /// Their paths; with several shards, after the shard's URL.
    pub stray_inbox_entries: Vec<String>,
    /// The first inbox that was not searched on every shard, if there are more. Continue with it.
    pub next_inbox: Option<String>,
}

/// Finds stray entries from the inbox `first` on, for as long as `budget` allows. Removes them if `remove` is true.
///
/// # Errors
/// PostgreSQL or Firebase does not respond.
pub async fn find_stray_entries(
    database: &Database,
    shards: &Shards,
    first: Option<String>,
    budget: Duration,
    remove: bool,
) -> Result<StrayEntries, CompareError> {
    let started = Instant::now();
    let mut found = StrayEntries::default();
    let mut first = first.unwrap_or_default();
    loop {
        let mut next: Option<String> = None;
        for firebase in shards.databases() {
            // One more inbox shows where to continue.
            let mut inboxes = firebase.read_inboxes(&first, BATCH + 1).await?;
            let further = (inboxes.len() > BATCH).then(|| inboxes.pop_last());
            // All shards continue with the same inbox, so that one id says where.
            if let Some((user, _)) = further.flatten() {
                next = Some(next.map_or(user.clone(), |next| next.min(user)));
            }
            let entries: Vec<_> = inboxes
                .into_iter()
                .flat_map(|(user, rooms)| {
                    rooms.into_iter().map(move |(room, _)| (user.clone(), room))
                })
                .collect();
            let stray = stray(database, entries).await?;
            if remove && !stray.is_empty() {
                firebase.remove_inbox_entries(&stray).await?;
            }
            for (user, room) in stray {
                let path = tree::inbox_path(user, room);
                let path = match shards.all().len() {
                    1 => path,
                    _ => firebase.address(&path),
                };
                if !found.stray_inbox_entries.contains(&path) {
                    found.stray_inbox_entries.push(path);
                }
            }
        }
        match next {
            None => return Ok(found),
            Some(user) if started.elapsed() > budget => {
                found.next_inbox = Some(user);
                return Ok(found);
            }
            Some(user) => first = user,
        }
    }
}

/// Returns the stray ones of `entries`. A key that is not a UUID belongs to nobody.
async fn stray(
    database: &Database,
    entries: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, CompareError> {
    let known: Vec<_> = entries.iter().filter_map(parse).collect();
    let stray = mirror::stray_entries(database, &known).await?;
    let stray: HashSet<_> = stray.into_iter().collect();
    let is_stray = |entry: &(String, String)| parse(entry).is_none_or(|it| stray.contains(&it));
    Ok(entries.into_iter().filter(is_stray).collect())
}

fn parse((user_id, room_id): &(String, String)) -> Option<InboxEntry> {
    Some(InboxEntry {
        user_id: Uuid::parse_str(user_id).ok()?,
        room_id: Uuid::parse_str(room_id).ok()?,
    })
}
