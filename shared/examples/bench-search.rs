//! Loads a million messages into a fresh database and searches them; `bench/search.sh` runs it.
//!
//! One driver has 10,000 rooms and two fifths of the messages, 1,500 others have 10 rooms each. "bonjour" stands in a
//! fifth of the messages, "pourcent" in one of 100, "mille" in one of 1000, "zanzibar" in five.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot be set up is no bench, and what it prints is its result"
)]

use std::time::{Duration, Instant};

use shared::db::messages::{self, Scope};
use shared::domain::{PageSize, Viewer};
use shared::testing::World;
use uuid::Uuid;

const ROOMS: i64 = 25_000;

const LOAD: &str = "
    INSERT INTO users (id, user_type)
    SELECT user_id(n), CASE WHEN n > 1501 THEN 'client' ELSE 'driver' END FROM generate_series(1, 26501) AS n;
    INSERT INTO chat_rooms (id, room_type, driver_id, other_user_id, message_count)
    SELECT gen_random_uuid(), 'delivery', user_id(CASE WHEN n <= 10000 THEN 1 ELSE 2 + (n - 10001) / 10 END),
           user_id(1501 + n), 0
    FROM generate_series(1, 25000) AS n;
    CREATE TEMP TABLE numbered AS SELECT row_number() OVER (ORDER BY other_user_id) AS number, * FROM chat_rooms;
    CREATE INDEX ON numbered (number);
    ANALYZE numbered;
";

/// `$1` is how many messages there are already.
const MESSAGES: &str = "
    INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
    SELECT gen_random_uuid(), room.id, 1 + n / 25000, room.driver_id, 'text',
           CASE WHEN random() < 0.2 THEN 'Bonjour ' ELSE '' END || words.text
           || CASE WHEN n % 200000 = 77 THEN ' zanzibar' ELSE '' END
           || CASE WHEN n % 100 = 5 THEN ' pourcent' ELSE '' END
           || CASE WHEN n % 1000 = 5 THEN ' mille' ELSE '' END,
           timestamptz '2026-01-01' + n * interval '30 seconds', 1
    FROM generate_series($1::bigint, $1 + 24999) AS n
    JOIN numbered AS room ON room.number = 1 + (n * 7919) % 25000
    CROSS JOIN LATERAL (
        SELECT string_agg(
            (ARRAY['livr','comm','port','adress','pai','rout','quart','march','appel','client'])[1 + i % 10]
            || (ARRAY['aison','ande','er','ement','ier','ée','age','able','eur'])[1 + (i / 10) % 9]
            || CASE WHEN i < 90 THEN '' ELSE to_hex(i) END, ' ') AS text
        FROM (SELECT floor(20000 * power(random(), 4))::int AS i FROM generate_series(1, 8 + (n % 5)::int)) AS word
    ) AS words";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let world = World::new().await;
    let sql = &world.sql;
    sql.batch_execute(
        "CREATE FUNCTION user_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
         RETURN ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid",
    )
    .await
    .unwrap();
    sql.batch_execute(LOAD).await.unwrap();
    let total: i64 = std::env::args()
        .nth(1)
        .map_or(1_000_000, |n| n.parse().unwrap());
    let started = Instant::now();
    for loaded in (0..total).step_by(usize::try_from(ROOMS).unwrap()) {
        sql.execute(MESSAGES, &[&loaded]).await.unwrap();
    }
    println!(
        "{total} messages loaded, with every index, in {:.0?}",
        started.elapsed()
    );
    sql.batch_execute("VACUUM ANALYZE").await.unwrap();

    println!("{:28} {:>18} {:>18}", "", "10,000 rooms", "10 rooms");
    for words in [
        "zanzibar",
        "introuvable",
        "bonjour",
        "pourcent",
        "mille",
        "liv",
        "bonjour zanz",
        "zanzibar bonj",
        "livraison",
    ] {
        let many = time(&world, 1, words).await;
        let few = time(&world, 77, words).await;
        println!("{words:28} {many:>18} {few:>18}");
    }
    println!(
        "(fastest / median of 30; the database stays: {})",
        world.database_url
    );
}

async fn time(world: &World, driver: u128, words: &str) -> String {
    let viewer = format!("00000000-0000-4000-8000-{driver:012}");
    let viewer = Viewer(Uuid::parse_str(&viewer).unwrap());
    let mut times = Vec::new();
    for _ in 0..30 {
        let started = Instant::now();
        messages::search(
            &world.app.database,
            viewer,
            words,
            &Scope::default(),
            PageSize::DEFAULT,
        )
        .await
        .unwrap();
        times.push(started.elapsed());
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    format!("{:.1} / {:.1} ms", ms(times[0]), ms(times[15]))
}
