use std::time::Duration;

use shared::db::messages::{Unread, mark_read};
use shared::db::mirror::{self, RoomState};
use shared::testing::World;
use uuid::Uuid;

const CLAIM: Duration = Duration::from_mins(1);

async fn claim(world: &World, room: Uuid) -> Option<RoomState> {
    mirror::claim(&world.app.database, room, None, CLAIM)
        .await
        .unwrap()
}

async fn mirrored(world: &World, room: Uuid) -> RoomState {
    let state = claim(world, room).await.unwrap();
    mirror::done(&world.app.database, &state, false)
        .await
        .unwrap();
    state
}

fn seqs(state: &RoomState) -> Vec<i64> {
    state.changed.iter().map(|message| message.seq).collect()
}

#[tokio::test]
async fn a_room_is_claimed_by_one_mirror_which_then_looks_again() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let state = claim(&world, room).await.unwrap();
    assert!(
        state.changed.is_empty() && state.all_changed,
        "a new room without messages is told to Firebase, too"
    );
    world.say(driver, room, "Bonjour").await;
    assert!(
        claim(&world, room).await.is_none(),
        "the first still has it"
    );
    assert!(
        mirror::done(&world.app.database, &state, false)
            .await
            .unwrap()
            .more,
        "there is more"
    );
    let state = claim(&world, room).await.unwrap();
    assert_eq!(seqs(&state), [1]);
    assert!(
        !mirror::done(&world.app.database, &state, false)
            .await
            .unwrap()
            .more
    );
    assert!(claim(&world, room).await.is_none(), "nothing is left");
}

#[tokio::test]
async fn only_what_changed_is_sent_and_what_fell_out_of_the_newest_fifty() {
    let world = World::new().await;
    let (driver, client, room) = world.room().await;
    for _ in 0..49 {
        world.say(driver, room, "Bonjour").await;
    }
    assert!(mirrored(&world, room).await.all_changed);
    let first = world.say(driver, room, "50").await;
    assert_eq!(first.seq, 50);
    let state = mirrored(&world, room).await;
    assert_eq!(
        (seqs(&state), state.fallen.len(), state.all_changed),
        (vec![50], 0, false)
    );

    world.say(driver, room, "51").await;
    world.say(driver, room, "52").await;
    let state = mirrored(&world, room).await;
    assert_eq!((seqs(&state), state.fallen.len()), (vec![51, 52], 2));

    mark_read(
        &world.app.database,
        client,
        &Unread::Messages(vec![first.id]),
    )
    .await
    .unwrap();
    let state = mirrored(&world, room).await;
    assert_eq!(seqs(&state), [50]);
    assert!(state.changed[0].read_at.is_some());
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
    let state = mirrored(&world, room).await;
    assert!(state.all_changed);
    assert_eq!(seqs(&state), (12..=61).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_older_acknowledgement_takes_nothing_back() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    world.say(driver, room, "Bonjour").await;
    let mut state = mirrored(&world, room).await;
    state.room.revision -= 1;
    mirror::done(&world.app.database, &state, false)
        .await
        .unwrap();
    assert!(claim(&world, room).await.is_none());
}

#[tokio::test]
async fn what_failed_is_due_later_and_what_is_claimed_is_not_due() {
    let world = World::new().await;
    let (_, _, room) = world.room().await;
    let due = async || {
        mirror::take_due(&world.app.database, CLAIM, 10)
            .await
            .unwrap()
    };
    let state = claim(&world, room).await.unwrap();
    assert!(due().await.is_empty());
    mirror::failed(&world.app.database, &state, None)
        .await
        .unwrap();
    assert!(due().await.is_empty(), "its time has not come");
    world
        .sql
        .execute("UPDATE chat_rooms SET mirror_after = now()", &[])
        .await
        .unwrap();
    assert_eq!(due().await, [room]);
    assert!(due().await.is_empty(), "another sweep has it");
    mirrored(&world, room).await;
    assert!(due().await.is_empty());
}

#[tokio::test]
async fn a_claim_whose_mirror_died_ends_by_itself() {
    let world = World::new().await;
    let (_, _, room) = world.room().await;
    assert!(
        mirror::claim(&world.app.database, room, None, Duration::ZERO)
            .await
            .unwrap()
            .is_some()
    );
    assert!(claim(&world, room).await.is_some());
}

#[tokio::test]
async fn a_mirror_keeps_its_room_for_what_came_meanwhile_and_gives_back_only_its_own() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let database = &world.app.database;
    let first = claim(&world, room).await.unwrap();
    world.say(driver, room, "Bonjour").await;
    assert!(mirror::done(database, &first, true).await.unwrap().more);
    assert!(claim(&world, room).await.is_none(), "it is kept");
    let second = mirror::claim(database, room, first.claim, CLAIM)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seqs(&second), [1]);

    // Its end by time: another has the room now.
    world
        .sql
        .execute("UPDATE chat_rooms SET mirror_claimed_until = now()", &[])
        .await
        .unwrap();
    let third = claim(&world, room).await.unwrap();
    mirror::failed(database, &second, None).await.unwrap();
    world.say(driver, room, "Encore").await;
    mirror::done(database, &second, false).await.unwrap();
    assert!(
        claim(&world, room).await.is_none(),
        "the third still has it"
    );
    mirror::done(database, &third, false).await.unwrap();
    assert!(claim(&world, room).await.is_some());
}

#[tokio::test]
async fn a_room_that_was_forgotten_during_a_mirror_is_mirrored_whole_after_it() {
    let world = World::new().await;
    let (driver, _, room) = world.room().await;
    let database = &world.app.database;
    world.say(driver, room, "1").await;
    mirrored(&world, room).await;
    world.say(driver, room, "2").await;
    let under_way = claim(&world, room).await.unwrap();
    assert_eq!(seqs(&under_way), [2]);
    mirror::forget(database, &[room]).await.unwrap();
    assert!(
        mirror::done(database, &under_way, false)
            .await
            .unwrap()
            .more
    );
    let whole = claim(&world, room).await.unwrap();
    assert_eq!((seqs(&whole), whole.all_changed), (vec![1, 2], true));
}

#[tokio::test]
async fn firebase_is_left_alone_for_as_long_as_it_asks() {
    let world = World::new().await;
    let (_, _, room) = world.room().await;
    let state = claim(&world, room).await.unwrap();
    let asked = Some(Duration::from_secs(90));
    mirror::failed(&world.app.database, &state, asked)
        .await
        .unwrap();
    let waits = "SELECT mirror_after > now() + interval '80 seconds' FROM chat_rooms";
    assert!(
        world
            .sql
            .query_one(waits, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
}
