//! Searches find a name or a word in any spelling that a keyboard produces, both in the list of rooms and in messages.

use shared::db::messages::{self, Scope};
use shared::db::rooms::{self, Filter};
use shared::domain::{PageNumber, PageSize, RoomOrder, Search};
use shared::testing::TestApp;

/// A text, and the searches that find it.
const PAIRS: [(&str, &[&str]); 17] = [
    (
        "Hélène Koné",
        &["helene", "HÉLÈNE", "kone helene", "he\u{301}le\u{300}ne"],
    ),
    ("He\u{301}le\u{300}ne", &["hélène", "helene"]),
    (
        "N'Guessan",
        &[
            "n’guessan",
            "N‘guessan",
            "nʼguessan",
            "n`guessan",
            "n´guessan",
            "n′guessan",
            "n＇guessan",
            "n guessan",
            "guessan",
        ],
    ),
    ("N’Guessan", &["n'guessan", "guessan"]),
    (
        "Jean-Marc",
        &[
            "jean‑marc",
            "jean‐marc",
            "Jean–Marc",
            "jean—marc",
            "jean−marc",
            "jean\u{ad}marc",
            "jean marc",
            "jean-",
        ],
    ),
    ("Jean‑Marc", &["jean-marc", "marc"]),
    (
        "Aya\u{a0}Traoré",
        &[
            "aya traore",
            "aya\u{202f}traore",
            "aya\u{3000}traoré",
            "aya-traore",
        ],
    ),
    ("Øystein Sørensen", &["oystein", "ØYSTEIN", "sorensen"]),
    ("Łukasz Wałęsa", &["lukasz", "walesa", "łukasz"]),
    ("Weiß", &["weiss", "WEISS", "WEIẞ"]),
    ("Cœur Œuvré", &["coeur", "oeuvre", "CŒUR"]),
    ("Lætitia Ægir", &["laetitia", "aegir"]),
    ("Đorđe Đoković", &["dorde", "dokovic"]),
    ("Işıl İnci", &["isil", "inci", "işıl"]),
    ("Þór Guðrún", &["thor", "gudrun"]),
    ("Ɓala Ɗiop Ŋaye", &["bala", "diop", "naye"]),
    ("ﬁlipe ＡＮＮＡ", &["filipe", "anna"]),
];

#[tokio::test]
async fn names_are_found_with_any_keyboard_variant() {
    let test = TestApp::new().await;
    for (name, typed) in PAIRS {
        let driver = test.user("driver", "Awa").await;
        let client = test.user("client", name).await;
        let room = test.room_between(driver, client).await.id;
        for words in typed {
            let filter = Filter {
                search: Some(Search::parse(words).unwrap()),
                ..Filter::default()
            };
            let (order, first, size) = (RoomOrder::default(), PageNumber::FIRST, PageSize::DEFAULT);
            let list = rooms::list(driver, &filter, order, first, size);
            let page = list.run(&test.app.database).await.unwrap();
            let found: Vec<_> = page.unwrap().results.iter().map(|room| room.id).collect();
            assert_eq!(found, [room], "{name} by {words}");
        }
    }
}

#[tokio::test]
async fn messages_are_found_with_any_keyboard_variant() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    for (name, typed) in PAIRS {
        let message = test.say(driver, room, &format!("Pour {name}.")).await;
        for words in typed {
            let scope = Scope::default();
            let found = messages::search(
                &test.app.database,
                driver,
                words,
                &scope,
                PageSize::DEFAULT,
                None,
            )
            .await
            .unwrap();
            let newest = found.messages.first().map(|found| &found.message.text);
            assert_eq!(newest, Some(&message.text), "{name} by {words}");
        }
    }
}
