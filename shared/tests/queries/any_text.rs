//! Arbitrary texts in messages, names and searches.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::{SinkExt, TryStreamExt};
use shared::db::messages::{self, Scope};
use shared::domain::{MessageSearch, PageSize, Text};
use shared::testing::TestApp;
use tokio_postgres::Client;

/// Texts that have broken a tokenizer, a parser or a terminal before.
const FRAGMENTS: [&str; 40] = [
    "a",
    "é",
    "É",
    "e\u{301}",
    "l'",
    "j’",
    "-",
    "‑",
    " ",
    "\n",
    "\t",
    "\\",
    "\\.",
    "\\N",
    "'",
    "''",
    "\"",
    "`",
    "&",
    "|",
    "!",
    "(",
    ")",
    ":*",
    "<->",
    "<b>",
    "%",
    "_",
    "$1",
    "📷",
    "👨\u{200d}👩\u{200d}👧",
    "1\u{fe0f}\u{20e3}",
    "\u{301}",
    "\u{fdfa}",
    "ب",
    "שלום",
    "\u{202e}",
    "\u{200b}",
    "日本語",
    "\u{10ffff}",
];

/// Returns 150 texts of 1 to 400 fragments, which are the same in each run, and every Unicode character.
fn texts() -> Vec<String> {
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut texts = vec![
        "\u{fdfa}".repeat(62) + "ب",
        "\u{fdfa}".repeat(5000),
        "㏒".repeat(5000),
        "ﬃ".repeat(681),
        "é".repeat(5000),
        "x".repeat(5000),
        "x ".repeat(2500),
        "\\".repeat(5000),
    ];
    for _ in 0..150 {
        let length = 1 + random(400);
        let few = 1 + random(FRAGMENTS.len());
        texts.push((0..length).map(|_| FRAGMENTS[random(few)]).collect());
    }
    let every: Vec<char> = ('\u{1}'..=char::MAX).collect();
    texts.extend(every.chunks(5000).map(|chunk| chunk.iter().collect()));
    texts.retain(|text| Text::parse(text).is_ok());
    texts
}

#[tokio::test]
async fn any_text_survives_a_dump_and_restore_of_every_table() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.device(driver, "token").await;
    let texts = texts();
    assert!(texts.len() > 350, "{}", texts.len());
    for text in &texts {
        let message = test.say(driver, room, text).await;
        assert_eq!(message.text, text.trim());
    }
    test.index_words().await;
    let tables = tables(&test.sql).await;
    assert!(tables["chat_message_search"] > 350, "{tables:?}");
    for table in tables.keys() {
        assert_survives(&test.sql, table).await;
    }
}

/// Returns the tables with their row counts.
async fn tables(sql: &Client) -> BTreeMap<String, i64> {
    let all = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let mut counts = BTreeMap::new();
    for row in sql.query(all, &[]).await.unwrap() {
        let name: String = row.get(0);
        let count = sql
            .query_one(&format!("SELECT count(*) FROM {name}"), &[])
            .await;
        counts.insert(name, count.unwrap().get(0));
    }
    counts
}

/// Exports a table as text, imports it into another, and compares the two.
async fn assert_survives(sql: &Client, table: &str) {
    let copy = format!("restored_{table}");
    sql.batch_execute(&format!("CREATE TABLE {copy} (LIKE {table})"))
        .await
        .unwrap();
    let dump = sql
        .copy_out(&format!("COPY {table} TO STDOUT"))
        .await
        .unwrap();
    let dump: Vec<_> = dump.try_collect().await.unwrap();
    let sink = sql
        .copy_in(&format!("COPY {copy} FROM STDIN"))
        .await
        .unwrap();
    let mut sink = pin!(sink);
    for line in dump {
        sink.send(line).await.unwrap();
    }
    sink.finish()
        .await
        .unwrap_or_else(|error| panic!("{table}: {error:?}"));
    let differing = format!(
        "SELECT count(*) FROM ((TABLE {table} EXCEPT ALL TABLE {copy}) UNION ALL (TABLE {copy} EXCEPT ALL TABLE {table})) AS it"
    );
    let differing: i64 = sql.query_one(&differing, &[]).await.unwrap().get(0);
    assert_eq!(differing, 0, "{table}");
}

#[tokio::test]
async fn any_search_succeeds_or_is_rejected_by_name() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, &FRAGMENTS.join("")).await;
    let mut answered = 0;
    for text in texts() {
        let beginning: String = text.chars().take(255).collect();
        let Ok(words) = MessageSearch::parse(&beginning) else {
            continue;
        };
        let scope = Scope::default();
        messages::search(
            &test.app.database,
            driver,
            words.as_str(),
            &scope,
            PageSize::DEFAULT,
            None,
        )
        .await
        .unwrap_or_else(|error| panic!("{beginning:?}: {error:?}"));
        answered += 1;
    }
    assert!(answered > 350, "{answered}");
    for bad in ["\0", "a\0b", "\u{2800}\u{200b}", &"é".repeat(256)] {
        assert!(MessageSearch::parse(bad).is_err());
    }
}

/// Tests every character next to a letter: no lexeme is empty or too long for PostgreSQL, and a character is found by
/// its folded form.
#[tokio::test]
async fn every_unicode_character_is_searched_as_it_is_stored() {
    let test = TestApp::new().await;
    let sql = "SELECT count(*), coalesce(max(octet_length(chat_search_fold(c))), 0),
                   count(*) FILTER (WHERE length(chat_search_plain(c)) <> 1 OR length(chat_search_ending(c)) <> 1),
                   count(*) FILTER (WHERE chat_search_fold(c) = ' ' AND chat_search_plain(c) !~ '^\\s$')
               FROM generate_series(1, 1114111) AS n, LATERAL (SELECT chr(n) AS c) AS it
               WHERE n NOT BETWEEN 55296 AND 57343";
    let row = test.sql.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1_112_063);
    assert!(
        64 * row.get::<_, i32>(1) < 2046,
        "a word of 64 characters is no lexeme"
    );
    assert_eq!(row.get::<_, i64>(2), 0, "a blank stands for one character");
    assert_eq!(row.get::<_, i64>(3), 0, "what parts names parts words");
}
