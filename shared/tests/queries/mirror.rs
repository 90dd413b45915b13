use std::collections::HashSet;
use std::time::Duration;

use shared::db::delivery::{Channel, record_failures};
use shared::db::messages::{Unread, mark_read};
use shared::db::mirror::{self, InboxEntry, RoomState};
use shared::db::rooms::{self, Flagged};
use shared::delivery::{DeliveryOutcome, Lease, LeaseScope, RetryCause};
use shared::domain::Viewer;
use shared::testing::TestApp;
use uuid::Uuid;

const LIFE: Duration = Duration::from_mins(1);
const REJECTED: DeliveryOutcome = DeliveryOutcome::Retry {
    after: None,
    cause: RetryCause::Item,
};

async fn lease_for(
    test: &TestApp,
    room_id: Uuid,
    reservation: Option<chrono::DateTime<chrono::Utc>>,
    life: Duration,
) -> Lease<RoomState> {
    let scope = LeaseScope::Room {
        room_id,
        reservation,
    };
    mirror::lease(&test.app.database, scope, life, &mirror::Shard::default())
        .await
        .unwrap()
}

async fn lease(test: &TestApp, room: Uuid) -> Option<RoomState> {
    lease_for(test, room, None, LIFE).await.items.pop()
}

async fn due(test: &TestApp, limit: i64, ignore_circuit: bool) -> Vec<RoomState> {
    let scope = LeaseScope::Due {
        limit,
        ignore_circuit,
    };
    let lease = mirror::lease(&test.app.database, scope, LIFE, &mirror::Shard::default()).await;
    lease.unwrap().items
}

async fn settle(test: &TestApp, state: RoomState, outcome: DeliveryOutcome) {
    mirror::settle(&test.app.database, &[(state, outcome)])
        .await
        .unwrap();
}

/// Changes the times as if 100 ms and every back-off had passed.
async fn let_time_pass(test: &TestApp) {
    let sql = "UPDATE chat_rooms SET mirror_paced_until = NULL, mirror_after = NULL";
    test.sql.execute(sql, &[]).await.unwrap();
}

async fn mirrored(test: &TestApp, room: Uuid) {
    let_time_pass(test).await;
    let state = lease(test, room).await.unwrap();
    settle(test, state, DeliveryOutcome::Delivered).await;
    let_time_pass(test).await;
}

async fn seconds_to_wait(test: &TestApp) -> f64 {
    let sql = "SELECT extract(epoch FROM mirror_after - clock_timestamp())::float8 FROM chat_rooms";
    test.sql.query_one(sql, &[]).await.unwrap().get(0)
}

fn seqs(state: &RoomState) -> Vec<i64> {
    state.changed.iter().map(|message| message.seq).collect()
}

#[tokio::test]
async fn a_room_is_leased_once_and_again_for_later_changes() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let state = lease(&test, room).await.unwrap();
    assert!(
        state.changed.is_empty() && state.all_changed,
        "a new room without messages is mirrored, too"
    );
    test.say(driver, room, "Bonjour").await;
    let_time_pass(&test).await;
    assert!(lease(&test, room).await.is_none(), "it is leased");
    settle(&test, state, DeliveryOutcome::Delivered).await;
    let state = lease(&test, room).await.unwrap();
    assert_eq!(seqs(&state), [1]);
    settle(&test, state, DeliveryOutcome::Delivered).await;
    let_time_pass(&test).await;
    let lease = lease_for(&test, room, None, LIFE).await;
    assert!(lease.items.is_empty() && lease.reserved.is_none());
}

#[tokio::test]
async fn one_sender_reserves_the_next_lease_and_others_rely_on_it() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let first = lease(&test, room).await.unwrap();
    test.say(driver, room, "Bonjour").await;
    let second = lease_for(&test, room, None, LIFE).await;
    let (reservation, wait) = second.reserved.unwrap();
    assert!(second.items.is_empty());
    assert!(wait <= Duration::from_millis(100), "{wait:?}");
    let third = lease_for(&test, room, None, LIFE).await;
    assert!(third.items.is_empty() && third.reserved.is_none());

    let_time_pass(&test).await;
    let still_leased = lease_for(&test, room, Some(reservation), LIFE).await;
    assert_eq!(still_leased.reserved.unwrap().0, reservation, "it waits on");
    settle(&test, first, DeliveryOutcome::Delivered).await;
    let second = lease_for(&test, room, Some(reservation), LIFE).await;
    assert_eq!(seqs(&second.items[0]), [1]);

    test.say(driver, room, "Encore").await;
    let next = lease_for(&test, room, None, LIFE).await;
    assert!(next.reserved.is_some(), "a lease ends the reservation");
    let late = lease_for(&test, room, Some(reservation), LIFE).await;
    assert!(late.items.is_empty() && late.reserved.is_none());
}

#[tokio::test]
async fn a_room_is_written_at_most_every_100_ms() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let state = lease(&test, room).await.unwrap();
    let pace = "SELECT extract(epoch FROM mirror_paced_until - mirror_leased_until)::float8 FROM chat_rooms";
    let pace: f64 = test.sql.query_one(pace, &[]).await.unwrap().get(0);
    assert!((pace + LIFE.as_secs_f64() - 0.1).abs() < 0.01, "{pace}");
    settle(&test, state, DeliveryOutcome::Delivered).await;
    test.say(driver, room, "Bonjour").await;
    let paced = "UPDATE chat_rooms SET mirror_paced_until = now() + interval '5 seconds'";
    test.sql.execute(paced, &[]).await.unwrap();
    let paced = lease_for(&test, room, None, LIFE).await;
    let (reservation, wait) = paced.reserved.unwrap();
    assert!(paced.items.is_empty() && wait > Duration::ZERO, "{wait:?}");
    assert!(due(&test, 9, false).await.is_empty(), "nor by the sweep");
    let_time_pass(&test).await;
    let lease = lease_for(&test, room, Some(reservation), LIFE).await;
    assert_eq!(lease.items.len(), 1);
}

#[tokio::test]
async fn only_changed_and_evicted_messages_are_sent() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    for _ in 0..49 {
        test.say(driver, room, "Bonjour").await;
    }
    let state = lease(&test, room).await.unwrap();
    assert!(state.all_changed);
    settle(&test, state, DeliveryOutcome::Delivered).await;
    let_time_pass(&test).await;
    let first = test.say(driver, room, "50").await;
    let state = lease(&test, room).await.unwrap();
    assert_eq!(
        (seqs(&state), state.evicted.len(), state.all_changed),
        (vec![50], 0, false)
    );
    settle(&test, state, DeliveryOutcome::Delivered).await;

    let_time_pass(&test).await;
    test.say(driver, room, "51").await;
    test.say(driver, room, "52").await;
    let state = lease(&test, room).await.unwrap();
    assert_eq!((seqs(&state), state.evicted.len()), (vec![51, 52], 2));
    settle(&test, state, DeliveryOutcome::Delivered).await;

    let_time_pass(&test).await;
    let ids = Unread::Messages(vec![first.id]);
    mark_read(&test.app.database, client, &ids).await.unwrap();
    let state = lease(&test, room).await.unwrap();
    assert_eq!(seqs(&state), [50]);
    assert!(state.changed[0].read_at.is_some());
}

#[tokio::test]
async fn a_change_to_the_room_only_sends_no_messages() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    mirrored(&test, room).await;
    let close = "UPDATE chat_rooms SET is_active = false, revision = revision + 1";
    test.sql.execute(close, &[]).await.unwrap();
    let state = lease(&test, room).await.unwrap();
    assert!(seqs(&state).is_empty() && !state.all_changed && !state.room.is_active);
}

#[tokio::test]
async fn after_a_burst_the_newest_fifty_replace_the_mirrored_messages() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    mirrored(&test, room).await;
    for _ in 0..60 {
        test.say(driver, room, "Bonjour").await;
    }
    let state = lease(&test, room).await.unwrap();
    assert!(state.all_changed);
    assert_eq!(seqs(&state), (12..=61).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_older_acknowledgement_is_ignored() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    let mut state = lease(&test, room).await.unwrap();
    settle(
        &test,
        lease_after_end(&test, room).await,
        DeliveryOutcome::Delivered,
    )
    .await;
    state.room.revision -= 1;
    settle(&test, state, DeliveryOutcome::Superseded).await;
    let_time_pass(&test).await;
    assert!(lease(&test, room).await.is_none());
}

/// Leases a room again after its first lease has expired.
async fn lease_after_end(test: &TestApp, room: Uuid) -> RoomState {
    let sql = "UPDATE chat_rooms SET mirror_leased_until = now() - interval '1 second', mirror_paced_until = NULL";
    test.sql.execute(sql, &[]).await.unwrap();
    lease(test, room).await.unwrap()
}

#[tokio::test]
async fn a_failed_room_is_not_leased_before_its_back_off_has_passed() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let state = lease(&test, room).await.unwrap();
    assert!(due(&test, 9, false).await.is_empty(), "it is leased");
    settle(&test, state, DeliveryOutcome::outage(None)).await;
    let paced = "UPDATE chat_rooms SET mirror_paced_until = NULL";
    test.sql.execute(paced, &[]).await.unwrap();
    test.say(driver, room, "Bonjour").await;
    let by_traffic = lease_for(&test, room, None, LIFE).await;
    assert!(by_traffic.items.is_empty() && by_traffic.reserved.is_none());
    assert!(due(&test, 9, false).await.is_empty());

    let_time_pass(&test).await;
    let swept = due(&test, 9, false).await;
    assert_eq!(swept.len(), 1);
    assert!(
        due(&test, 9, false).await.is_empty(),
        "another sweep has it"
    );
}

#[tokio::test]
async fn a_sweep_leases_several_rooms_each_with_its_own_messages() {
    let test = TestApp::new().await;
    let mut rooms = Vec::new();
    for n in 1..=3 {
        let (driver, _, room) = test.room().await;
        for _ in 0..n {
            test.say(driver, room, "Bonjour").await;
        }
        rooms.push(room);
    }
    let states = due(&test, 9, false).await;
    for (room, count) in rooms.into_iter().zip(1..) {
        let state = states.iter().find(|it| it.room.id == room).unwrap();
        assert_eq!(seqs(state), (1..=count).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn failures_wait_longer_up_to_8_s_in_an_outage_and_a_minute_for_a_rejected_room() {
    let test = TestApp::new().await;
    let (_, _, room) = test.room().await;
    for (outcome, longest) in [
        (DeliveryOutcome::outage(None), [1.0, 2.0, 4.0, 8.0, 8.0]),
        (REJECTED, [32.0, 60.0, 60.0, 60.0, 60.0]),
    ] {
        for longest in longest {
            let_time_pass(&test).await;
            let state = lease(&test, room).await.unwrap();
            settle(&test, state, outcome).await;
            let wait = seconds_to_wait(&test).await;
            assert!((longest / 2.0 - 1.0..=longest).contains(&wait), "{wait}");
        }
    }
    let_time_pass(&test).await;
    let asked = DeliveryOutcome::outage(Some(Duration::from_secs(90)));
    let state = lease(&test, room).await.unwrap();
    settle(&test, state, asked).await;
    assert!(seconds_to_wait(&test).await > 80.0, "as Firebase asks");
}

#[tokio::test]
async fn an_expired_lease_cannot_change_the_next_one() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let lost = lease_for(&test, room, None, Duration::ZERO).await;
    let lost = lost.items.into_iter().next().unwrap();
    let held = lease_after_end(&test, room).await;
    settle(&test, lost, REJECTED).await;
    test.say(driver, room, "Bonjour").await;
    let_time_pass(&test).await;
    assert!(lease(&test, room).await.is_none(), "the other still has it");
    settle(&test, held, DeliveryOutcome::Delivered).await;
    assert!(lease(&test, room).await.is_some());
}

#[tokio::test]
async fn a_room_reset_during_a_write_is_written_completely_afterwards() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "1").await;
    mirrored(&test, room).await;
    test.say(driver, room, "2").await;
    let under_way = lease(&test, room).await.unwrap();
    assert_eq!(seqs(&under_way), [2]);
    mirror::reset(&test.app.database, &[room]).await.unwrap();
    settle(&test, under_way, DeliveryOutcome::Delivered).await;
    let_time_pass(&test).await;
    let whole = lease(&test, room).await.unwrap();
    assert_eq!((seqs(&whole), whole.all_changed), (vec![1, 2], true));
}

#[tokio::test]
async fn an_open_circuit_leases_nothing_after_a_reply_and_one_room_per_probe_to_the_sweep() {
    let test = TestApp::new().await;
    let (_, _, room) = test.room().await;
    test.room().await;
    record_failures(&test.app.database, Channel::Mirror.name(), 5, None)
        .await
        .unwrap();
    let after_reply = lease_for(&test, room, None, LIFE).await;
    assert!(after_reply.circuit.is_open && after_reply.items.is_empty());
    assert!(after_reply.reserved.is_none());
    assert!(due(&test, 9, false).await.is_empty(), "it is too early");
    let sql = "UPDATE chat_delivery_channels SET probe_after = now()";
    test.sql.execute(sql, &[]).await.unwrap();
    assert_eq!(due(&test, 9, false).await.len(), 1);
    assert!(due(&test, 9, false).await.is_empty(), "one per interval");
    assert_eq!(due(&test, 9, true).await.len(), 1, "the other one");
}

#[tokio::test]
async fn the_backlog_is_measured() {
    let test = TestApp::new().await;
    let (_, _, room) = test.room().await;
    let backlog = async || {
        mirror::backlog(&test.app.database, &mirror::Shard::default())
            .await
            .unwrap()
    };
    let sql = "UPDATE chat_rooms SET behind_since = behind_since - interval '90 seconds'";
    test.sql.execute(sql, &[]).await.unwrap();
    let measured = backlog().await;
    assert_eq!(measured.items, 1);
    assert!((90.0..120.0).contains(&measured.age), "{measured:?}");
    assert!(measured.next_due.abs() < 1e-9, "{measured:?}");

    let state = lease(&test, room).await.unwrap();
    let asked = DeliveryOutcome::outage(Some(Duration::from_secs(40)));
    settle(&test, state, asked).await;
    assert!((39.0..=40.0).contains(&backlog().await.next_due));
    mirrored(&test, room).await;
    assert_eq!(backlog().await.items, 0);
}

async fn room_of_a_delivery(test: &TestApp) -> (Viewer, Viewer, Uuid) {
    let (driver, client, room) = test.room().await;
    let delivery = test.delivery("LBN123456", driver, client).await;
    let sql = "UPDATE chat_rooms SET delivery_id = $1";
    test.sql.execute(sql, &[&delivery]).await.unwrap();
    (driver, client, room)
}

#[tokio::test]
async fn an_inbox_entry_has_the_room_as_each_participant_sees_it() {
    let test = TestApp::new().await;
    let (driver, client, room) = room_of_a_delivery(&test).await;
    test.say(driver, room, "Bonjour").await;
    rooms::mute(&test.app.database, client, room, true)
        .await
        .unwrap();
    let state = lease(&test, room).await.unwrap();
    assert_eq!(state.room.tracking_number.as_deref(), Some("LBN123456"));
    assert_eq!(state.room.message_count, 1);
    let [drivers, clients] = &state.room.participants;
    assert_eq!((drivers.user_id, clients.user_id), (driver.0, client.0));
    assert_eq!((drivers.unread_count, clients.unread_count), (0, 1));
    assert_eq!((drivers.is_muted, clients.is_muted), (false, true));
    let other = clients.other_participant.as_ref().unwrap();
    assert_eq!((other.id, other.user_type.as_str()), (driver.0, "driver"));
    assert_eq!(
        drivers.other_participant.as_ref().map(|it| it.id),
        Some(client.0)
    );
}

#[tokio::test]
async fn a_room_is_in_an_inbox_while_it_is_open_and_not_archived_or_unread() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let is_shown = async || {
        let state = mirror::read(&test.app.database, room).await.unwrap();
        let room = state.unwrap().room;
        [0, 1].map(|side| room.is_in_inbox_of(&room.participants[side]))
    };
    let archive = async |viewer, archive| {
        rooms::archive(&test.app.database, viewer, room, archive)
            .await
            .unwrap()
    };
    assert_eq!(is_shown().await, [true, true]);
    assert_eq!(archive(client, true).await, Flagged::Changed);
    assert_eq!(archive(client, true).await, Flagged::Unchanged);
    assert_eq!(is_shown().await, [true, false]);
    test.say(driver, room, "Bonjour").await;
    assert_eq!(is_shown().await, [true, true], "archived, but unread");
    mark_read(&test.app.database, client, &Unread::Room(room))
        .await
        .unwrap();
    assert_eq!(is_shown().await, [true, false]);
    archive(client, false).await;
    test.say(driver, room, "Encore").await;
    let close = "UPDATE chat_rooms SET is_active = false, revision = revision + 1";
    test.sql.execute(close, &[]).await.unwrap();
    assert_eq!(is_shown().await, [false, false]);
}

#[tokio::test]
async fn a_changed_flag_makes_the_mirror_due_and_an_unchanged_one_does_not() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    mirrored(&test, room).await;
    for (value, due) in [(true, true), (true, false), (false, true), (false, false)] {
        rooms::archive(&test.app.database, driver, room, value)
            .await
            .unwrap();
        let backlog = mirror::backlog(&test.app.database, &mirror::Shard::default())
            .await
            .unwrap();
        assert_eq!(backlog.items == 1, due, "{value}");
        if due {
            let state = lease(&test, room).await.unwrap();
            assert_eq!(state.room.participants[0].is_archived, value);
            settle(&test, state, DeliveryOutcome::Delivered).await;
            let_time_pass(&test).await;
        }
    }
}

#[tokio::test]
async fn deleted_users_and_deliveries_do_not_keep_a_room_from_being_mirrored() {
    let test = TestApp::new().await;
    let (.., room) = room_of_a_delivery(&test).await;
    test.sql
        .batch_execute("DELETE FROM deliveries; DELETE FROM users")
        .await
        .unwrap();
    let state = lease(&test, room).await.unwrap();
    assert_eq!(state.room.tracking_number, None);
    for participant in &state.room.participants {
        assert!(participant.other_participant.is_none());
    }
}

#[tokio::test]
async fn entries_of_strangers_and_of_missing_rooms_are_stray() {
    let test = TestApp::new().await;
    let (driver, client, room_id) = test.room().await;
    let entry = |user_id, room_id| InboxEntry { user_id, room_id };
    let stranger = entry(Uuid::from_u128(7), room_id);
    let missing = entry(driver.0, Uuid::from_u128(7));
    let entries = [
        entry(driver.0, room_id),
        stranger,
        entry(client.0, room_id),
        missing,
    ];
    let stray = mirror::stray_entries(&test.app.database, &entries).await;
    let stray: HashSet<_> = stray.unwrap().into_iter().collect();
    assert_eq!(stray, HashSet::from([stranger, missing]));
}

#[tokio::test]
async fn a_change_of_the_platforms_data_that_an_inbox_shows_makes_the_mirror_due() {
    let test = TestApp::new().await;
    let (.., room) = room_of_a_delivery(&test).await;
    // After the last driver, the next run starts again.
    let refresh = async || {
        for _ in 0..2 {
            let refreshed = rooms::refresh_names(&test.app.database, 1000).await;
            refreshed.unwrap();
        }
    };
    refresh().await;
    for change in [
        "UPDATE users SET full_name = 'Awa Kone' WHERE user_type = 'driver'",
        "UPDATE users SET full_name = 'Awa Koné' WHERE user_type = 'driver'",
        "UPDATE users SET profile_photo_url = 'https://a.ci/2.jpg' WHERE user_type = 'client'",
        "UPDATE deliveries SET tracking_number = 'LBN654321'",
        "DELETE FROM users WHERE user_type = 'client'",
    ] {
        mirrored(&test, room).await;
        refresh().await;
        assert!(lease(&test, room).await.is_none(), "before {change}");
        test.sql.execute(change, &[]).await.unwrap();
        refresh().await;
        assert_eq!(
            mirror::backlog(&test.app.database, &mirror::Shard::default())
                .await
                .unwrap()
                .items,
            1,
            "{change}"
        );
    }
}
