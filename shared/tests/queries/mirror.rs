use std::time::Duration;

use shared::db::delivery::{Channel, record_failures};
use shared::db::messages::{Unread, mark_read};
use shared::db::mirror::{self, RoomState};
use shared::delivery::{DeliveryOutcome, Lease, LeaseScope, RetryCause};
use shared::testing::World;
use uuid::Uuid;

const LIFE: Duration = Duration::from_mins(1);
const REJECTED: DeliveryOutcome = DeliveryOutcome::Retry {
    after: None,
    cause: RetryCause::Item,
};

async fn lease_for(
    world: &World,
    room_id: Uuid,
    reservation: Option<chrono::DateTime<chrono::Utc>>,
    life: Duration,
) -> Lease<RoomState> {
    let scope = LeaseScope::Room {
        room_id,
        reservation,
    };
    mirror::lease(&world.app.database, scope, life)
        .await
        .unwrap()
}

async fn lease(world: &World, room: Uuid) -> Option<RoomState> {
    lease_for(world, room, None, LIFE).await.items.pop()
}

async fn due(world: &World, limit: i64, ignore_circuit: bool) -> Vec<RoomState> {
    let scope = LeaseScope::Due {
        limit,
        ignore_circuit,
    };
    let lease = mirror::lease(&world.app.database, scope, LIFE).await;
    lease.unwrap().items
}

async fn settle(world: &World, state: RoomState, outcome: DeliveryOutcome) {
    mirror::settle(&world.app.database, &[(state, outcome)])
        .await
        .unwrap();
}

/// As if 100 ms and every back-off had passed.
async fn let_time_pass(world: &World) {
    let sql = "UPDATE chat_rooms SET mirror_paced_until = NULL, mirror_after = NULL";
    world.sql.execute(sql, &[]).await.unwrap();
}

async fn mirrored(world: &World, room: Uuid) {
    let_time_pass(world).await;
    let state = lease(world, room).await.unwrap();
    settle(world, state, DeliveryOutcome::Delivered).await;
    let_time_pass(world).await;
}

async fn seconds_to_wait(world: &World) -> f64 {
    let sql = "SELECT extract(epoch FROM mirror_after - clock_timestamp())::float8 FROM chat_rooms";
    world.sql.query_one(sql, &[]).await.unwrap().get(0)
}

fn seqs(state: &RoomState) -> Vec<i64> {
    state.changed.iter().map(|message| message.seq).collect()
}

#[tokio::test]
async fn a_room_is_leased_once_and_again_for_what_has_changed_since() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let state = lease(&world, room).await.unwrap();
    assert!(
        state.changed.is_empty() && state.all_changed,
        "a new room without messages is mirrored, too"
    );
    world.say(driver, room, "Bonjour").await;
    let_time_pass(&world).await;
    assert!(lease(&world, room).await.is_none(), "it is leased");
    settle(&world, state, DeliveryOutcome::Delivered).await;
    let state = lease(&world, room).await.unwrap();
    assert_eq!(seqs(&state), [1]);
    settle(&world, state, DeliveryOutcome::Delivered).await;
    let_time_pass(&world).await;
    let lease = lease_for(&world, room, None, LIFE).await;
    assert!(lease.items.is_empty() && lease.reserved.is_none());
}

#[tokio::test]
async fn one_sender_reserves_the_next_lease_and_further_ones_leave_the_room_to_it() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let first = lease(&world, room).await.unwrap();
    world.say(driver, room, "Bonjour").await;
    let second = lease_for(&world, room, None, LIFE).await;
    let (reservation, wait) = second.reserved.unwrap();
    assert!(second.items.is_empty());
    assert!(wait <= Duration::from_millis(100), "{wait:?}");
    let third = lease_for(&world, room, None, LIFE).await;
    assert!(third.items.is_empty() && third.reserved.is_none());

    let_time_pass(&world).await;
    let still_leased = lease_for(&world, room, Some(reservation), LIFE).await;
    assert_eq!(still_leased.reserved.unwrap().0, reservation, "it waits on");
    settle(&world, first, DeliveryOutcome::Delivered).await;
    let second = lease_for(&world, room, Some(reservation), LIFE).await;
    assert_eq!(seqs(&second.items[0]), [1]);

    world.say(driver, room, "Encore").await;
    let next = lease_for(&world, room, None, LIFE).await;
    assert!(next.reserved.is_some(), "a lease ends the reservation");
    let late = lease_for(&world, room, Some(reservation), LIFE).await;
    assert!(late.items.is_empty() && late.reserved.is_none());
}

#[tokio::test]
async fn a_room_is_written_every_100_ms_at_most() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let state = lease(&world, room).await.unwrap();
    let pace = "SELECT extract(epoch FROM mirror_paced_until - mirror_leased_until)::float8 FROM chat_rooms";
    let pace: f64 = world.sql.query_one(pace, &[]).await.unwrap().get(0);
    assert!((pace + LIFE.as_secs_f64() - 0.1).abs() < 0.01, "{pace}");
    settle(&world, state, DeliveryOutcome::Delivered).await;
    world.say(driver, room, "Bonjour").await;
    let paced = "UPDATE chat_rooms SET mirror_paced_until = now() + interval '5 seconds'";
    world.sql.execute(paced, &[]).await.unwrap();
    let paced = lease_for(&world, room, None, LIFE).await;
    let (reservation, wait) = paced.reserved.unwrap();
    assert!(paced.items.is_empty() && wait > Duration::ZERO, "{wait:?}");
    assert!(due(&world, 9, false).await.is_empty(), "nor by the sweep");
    let_time_pass(&world).await;
    let lease = lease_for(&world, room, Some(reservation), LIFE).await;
    assert_eq!(lease.items.len(), 1);
}

#[tokio::test]
async fn only_what_changed_is_sent_and_what_was_evicted_from_the_newest_fifty() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    for _ in 0..49 {
        world.say(driver, room, "Bonjour").await;
    }
    let state = lease(&world, room).await.unwrap();
    assert!(state.all_changed);
    settle(&world, state, DeliveryOutcome::Delivered).await;
    let_time_pass(&world).await;
    let first = world.say(driver, room, "50").await;
    let state = lease(&world, room).await.unwrap();
    assert_eq!(
        (seqs(&state), state.evicted.len(), state.all_changed),
        (vec![50], 0, false)
    );
    settle(&world, state, DeliveryOutcome::Delivered).await;

    let_time_pass(&world).await;
    world.say(driver, room, "51").await;
    world.say(driver, room, "52").await;
    let state = lease(&world, room).await.unwrap();
    assert_eq!((seqs(&state), state.evicted.len()), (vec![51, 52], 2));
    settle(&world, state, DeliveryOutcome::Delivered).await;

    let_time_pass(&world).await;
    let ids = Unread::Messages(vec![first.id]);
    mark_read(&world.app.database, client, &ids).await.unwrap();
    let state = lease(&world, room).await.unwrap();
    assert_eq!(seqs(&state), [50]);
    assert!(state.changed[0].read_at.is_some());
}

#[tokio::test]
async fn a_change_of_the_room_alone_sends_no_messages() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    world.say(driver, room, "Bonjour").await;
    mirrored(&world, room).await;
    let close = "UPDATE chat_rooms SET is_active = false, revision = revision + 1";
    world.sql.execute(close, &[]).await.unwrap();
    let state = lease(&world, room).await.unwrap();
    assert!(seqs(&state).is_empty() && !state.all_changed && !state.room.is_active);
}

#[tokio::test]
async fn after_a_burst_the_newest_fifty_replace_whatever_is_there() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    world.say(driver, room, "Bonjour").await;
    mirrored(&world, room).await;
    for _ in 0..60 {
        world.say(driver, room, "Bonjour").await;
    }
    let state = lease(&world, room).await.unwrap();
    assert!(state.all_changed);
    assert_eq!(seqs(&state), (12..=61).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_older_acknowledgement_takes_nothing_back() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    world.say(driver, room, "Bonjour").await;
    let mut state = lease(&world, room).await.unwrap();
    settle(
        &world,
        lease_after_end(&world, room).await,
        DeliveryOutcome::Delivered,
    )
    .await;
    state.room.revision -= 1;
    settle(&world, state, DeliveryOutcome::Superseded).await;
    let_time_pass(&world).await;
    assert!(lease(&world, room).await.is_none());
}

/// A second lease of a room, whose first lease has ended by itself.
async fn lease_after_end(world: &World, room: Uuid) -> RoomState {
    let sql = "UPDATE chat_rooms SET mirror_leased_until = now() - interval '1 second', mirror_paced_until = NULL";
    world.sql.execute(sql, &[]).await.unwrap();
    lease(world, room).await.unwrap()
}

#[tokio::test]
async fn a_failed_room_is_retried_by_nobody_before_its_back_off_has_passed() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let state = lease(&world, room).await.unwrap();
    assert!(due(&world, 9, false).await.is_empty(), "it is leased");
    settle(&world, state, DeliveryOutcome::outage(None)).await;
    let paced = "UPDATE chat_rooms SET mirror_paced_until = NULL";
    world.sql.execute(paced, &[]).await.unwrap();
    world.say(driver, room, "Bonjour").await;
    let by_traffic = lease_for(&world, room, None, LIFE).await;
    assert!(by_traffic.items.is_empty() && by_traffic.reserved.is_none());
    assert!(due(&world, 9, false).await.is_empty());

    let_time_pass(&world).await;
    let swept = due(&world, 9, false).await;
    assert_eq!(swept.len(), 1);
    assert!(
        due(&world, 9, false).await.is_empty(),
        "another sweep has it"
    );
}

#[tokio::test]
async fn a_sweep_leases_several_rooms_each_with_its_own_messages() {
    let world = World::new().await;
    let mut rooms = Vec::new();
    for n in 1..=3 {
        let (driver, _, room) = world.room().await;
        for _ in 0..n {
            world.say(driver, room, "Bonjour").await;
        }
        rooms.push(room);
    }
    let states = due(&world, 9, false).await;
    for (room, count) in rooms.into_iter().zip(1..) {
        let state = states.iter().find(|it| it.room.id == room).unwrap();
        assert_eq!(seqs(state), (1..=count).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn failures_wait_longer_up_to_8_s_in_an_outage_and_a_minute_for_a_rejected_room() {
    let world = World::new().await;
    let (_, _, room) = world.room().await;
    for (outcome, longest) in [
        (DeliveryOutcome::outage(None), [1.0, 2.0, 4.0, 8.0, 8.0]),
        (REJECTED, [32.0, 60.0, 60.0, 60.0, 60.0]),
    ] {
        for longest in longest {
            let_time_pass(&world).await;
            let state = lease(&world, room).await.unwrap();
            settle(&world, state, outcome).await;
            let wait = seconds_to_wait(&world).await;
            assert!((longest / 2.0 - 1.0..=longest).contains(&wait), "{wait}");
        }
    }
    let_time_pass(&world).await;
    let asked = DeliveryOutcome::outage(Some(Duration::from_secs(90)));
    let state = lease(&world, room).await.unwrap();
    settle(&world, state, asked).await;
    assert!(seconds_to_wait(&world).await > 80.0, "as Firebase asks");
}

#[tokio::test]
async fn a_lease_ends_by_itself_and_its_late_holder_changes_nothing_of_the_next_one() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let lost = lease_for(&world, room, None, Duration::ZERO).await;
    let lost = lost.items.into_iter().next().unwrap();
    let held = lease_after_end(&world, room).await;
    settle(&world, lost, REJECTED).await;
    world.say(driver, room, "Bonjour").await;
    let_time_pass(&world).await;
    assert!(
        lease(&world, room).await.is_none(),
        "the other still has it"
    );
    settle(&world, held, DeliveryOutcome::Delivered).await;
    assert!(lease(&world, room).await.is_some());
}

#[tokio::test]
async fn a_room_that_was_reset_during_a_write_is_written_whole_after_it() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    world.say(driver, room, "1").await;
    mirrored(&world, room).await;
    world.say(driver, room, "2").await;
    let under_way = lease(&world, room).await.unwrap();
    assert_eq!(seqs(&under_way), [2]);
    mirror::reset(&world.app.database, &[room]).await.unwrap();
    settle(&world, under_way, DeliveryOutcome::Delivered).await;
    let_time_pass(&world).await;
    let whole = lease(&world, room).await.unwrap();
    assert_eq!((seqs(&whole), whole.all_changed), (vec![1, 2], true));
}

#[tokio::test]
async fn an_open_circuit_leases_nothing_after_a_reply_and_one_room_per_probe_to_the_sweep() {
    let world = World::new().await;
    let (_, _, room) = world.room().await;
    world.room().await;
    record_failures(&world.app.database, Channel::Mirror, 5, None)
        .await
        .unwrap();
    let after_reply = lease_for(&world, room, None, LIFE).await;
    assert!(after_reply.circuit.is_open && after_reply.items.is_empty());
    assert!(after_reply.reserved.is_none());
    assert!(due(&world, 9, false).await.is_empty(), "it is too early");
    let sql = "UPDATE chat_delivery_channels SET probe_after = now()";
    world.sql.execute(sql, &[]).await.unwrap();
    assert_eq!(due(&world, 9, false).await.len(), 1);
    assert!(due(&world, 9, false).await.is_empty(), "one per interval");
    assert_eq!(due(&world, 9, true).await.len(), 1, "the other one");
}

#[tokio::test]
async fn the_backlog_is_measured() {
    let world = World::new().await;
    let (_, _, room) = world.room().await;
    let backlog = async || mirror::backlog(&world.app.database).await.unwrap();
    let sql = "UPDATE chat_rooms SET behind_since = behind_since - interval '90 seconds'";
    world.sql.execute(sql, &[]).await.unwrap();
    let measured = backlog().await;
    assert_eq!(measured.items, 1);
    assert!((90.0..120.0).contains(&measured.age), "{measured:?}");
    assert!(measured.next_due.abs() < 1e-9, "{measured:?}");

    let state = lease(&world, room).await.unwrap();
    let asked = DeliveryOutcome::outage(Some(Duration::from_secs(40)));
    settle(&world, state, asked).await;
    assert!((39.0..=40.0).contains(&backlog().await.next_due));
    mirrored(&world, room).await;
    assert_eq!(backlog().await.items, 0);
}
