use shared::db::messages::{self, Found, Scope};
use shared::domain::{Cursor, PageSize, Viewer};
use shared::error::{Error, Result, Unauthorized};
use shared::testing::TestApp;
use uuid::Uuid;

/// Searches twice: while the words of the newest messages are not indexed yet, and afterwards.
async fn search(test: &TestApp, viewer: Viewer, words: &str, scope: Scope) -> Result<Found> {
    let database = &test.app.database;
    let search =
        async || messages::search(database, viewer, words, &scope, PageSize::DEFAULT, None).await;
    let before = search().await?;
    test.index_words().await;
    let after = search().await?;
    let ids = |found: &Found| -> Vec<_> { found.messages.iter().map(|it| it.message.id).collect() };
    assert_eq!(ids(&before), ids(&after), "{words}");
    Ok(after)
}

/// Returns the numbers of the messages found in all rooms.
async fn seqs(test: &TestApp, viewer: Viewer, words: &str) -> Vec<i64> {
    let found = search(test, viewer, words, Scope::default()).await.unwrap();
    let messages = found.messages.iter();
    messages.map(|found| found.message.seq).collect()
}

fn html(found: &Found) -> String {
    serde_json::to_value(&found.messages[0].highlight)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn words_are_found_in_all_their_forms_with_or_without_accents() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(
        driver,
        room,
        "J’ai livré vos colis à l’école: «œufs», LBN-123456 à 12h30 📷",
    )
    .await;
    for words in [
        "livré",
        "livrée",
        "LIVRER",
        "livre",
        "ecole",
        "École",
        "l'ecole",
        "oeuf",
        "œufs",
        "lbn 123456",
        "LBN-123456",
        "12h30",
        "colis livr",
        "co",
        "c",
        "e\u{301}cole",
        "vos colis à l'é",
        "et colis",
        "colis et",
        "123",
    ] {
        assert_eq!(seqs(&test, driver, words).await, [1], "{words}");
    }
    for words in [
        "coli paquet",
        "paquet colis",
        "ivré",
        "📷",
        "!!!",
        "23456",
        "30",
        "et",
        "'",
    ] {
        assert!(seqs(&test, driver, words).await.is_empty(), "{words}");
    }
}

#[tokio::test]
async fn each_form_of_a_word_finds_the_others() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let forms: [&[&str]; 9] = [
        &["livrer", "livré", "livrée", "livrés", "livrées", "LIVRÉE"],
        &["premier", "première", "premiers", "premières", "PREMIÈRE"],
        &["dernier", "dernière"],
        &["arriver", "arrivé", "arrivez", "arrivèrent"],
        &["école", "ecoles", "ÉCOLES"],
        &["adresse", "adresses"],
        &["colis", "Colis"],
        &["vérifier", "verifier", "vérifié", "vérifiée"],
        &[
            "récupérer",
            "recuperer",
            "récupérée",
            "récupérées",
            "RÉCUPÉRÉ",
        ],
    ];
    for forms in forms {
        for written in forms {
            let message = test.say(driver, room, &format!("Voici : {written}!")).await;
            for typed in forms {
                // The second word makes the first a whole word instead of a prefix.
                let words = format!("{typed} voici");
                let found = search(&test, driver, &words, Scope::default())
                    .await
                    .unwrap();
                assert_eq!(
                    found.messages[0].message.id, message.id,
                    "{written} by {typed}"
                );
                let marked = format!("<mark>Voici</mark> : <mark>{written}</mark>!");
                assert_eq!(html(&found), marked, "{written} by {typed}");
            }
        }
    }
}

#[tokio::test]
async fn each_prefix_of_the_last_word_finds_it() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    for word in [
        "arrivons",
        "livraison",
        "réceptionnées",
        "12h30",
        "LBN123456",
    ] {
        let message = test.say(driver, room, &format!("Bonjour, {word}.")).await;
        for end in 1..=word.chars().count() {
            let words = format!("bonjour {}", word.chars().take(end).collect::<String>());
            let found = search(&test, driver, &words, Scope::default())
                .await
                .unwrap();
            assert_eq!(found.messages[0].message.id, message.id, "{words}");
        }
        assert_ne!(
            seqs(&test, driver, &format!("{}x", &word[..4])).await,
            [message.seq]
        );
    }
}

#[tokio::test]
async fn addresses_numbers_and_compound_words_are_found_by_their_parts() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let said = "Voir https://relais.ci/colis/AB-1234?x=1#bas ou awa.kone@relais.ci : rendez-vous aujourd’hui à 10h30, au 2eme, <b>1,5</b> km/h (-3)";
    test.say(driver, room, said).await;
    for words in [
        "https",
        "relais",
        "relais.ci",
        "relais.ci/colis",
        "AB-1234",
        "ab 1234",
        "1234",
        "awa.kone@relais.ci",
        "kone",
        "rendez-vous",
        "rendez vous",
        "aujourd'hui",
        "aujourd‘hui",
        "hui",
        "10h30",
        "2eme",
        "2",
        "5",
        "1.5",
        "km",
        "-3",
        "3 km",
        "b",
        "bas",
    ] {
        assert_eq!(seqs(&test, driver, words).await, [1], "{words}");
    }
    let found = search(&test, driver, "kone colis", Scope::default())
        .await
        .unwrap();
    assert_eq!(
        html(&found),
        "Voir https://relais.ci/<mark>colis</mark>/AB-1234?x=1#bas ou awa.<mark>kone</mark>@relais.ci : rendez-vous \
         aujourd’hui à 10h30, au 2eme, &lt;b&gt;1,5&lt;/b&gt; km/h (-3)"
    );
}

#[tokio::test]
async fn query_syntax_is_searched_literally() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, "Bonjour").await;
    for words in [
        "bonjour & !bonjour",
        "bonjour'); DROP TABLE chat_rooms; --",
        "bonjour:*",
        "'bonjour':A <-> \\",
        "b\\'",
        "$1 %s",
        "(((",
        "& | !",
        "\u{2019}':*\u{a0}",
        "::tsquery",
    ] {
        search(&test, driver, words, Scope::default())
            .await
            .unwrap();
    }
    assert_eq!(
        seqs(&test, driver, "!bonjour").await,
        [1],
        "there is no negation"
    );
    assert_eq!(
        seqs(&test, driver, "bonjour | xyz").await,
        [0_i64; 0],
        "nor an alternative"
    );
}

#[tokio::test]
async fn only_the_viewers_rooms_are_searched() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let other_client = test.user("client", "Ali").await;
    let other_room = test.room_between(driver, other_client).await.id;
    test.say(driver, room, "Bonjour Jean").await;
    test.say(driver, other_room, "Bonjour Ali").await;
    let count = async |viewer| seqs(&test, viewer, "bonjour").await.len();
    assert_eq!((count(driver).await, count(client).await), (2, 1));
    let stranger = test.user("admin", "Mariam").await;
    assert_eq!(count(stranger).await, 0);

    let within = |room_id| Scope {
        room_id: Some(room_id),
        before: None,
    };
    let found = search(&test, driver, "bonjour", within(room))
        .await
        .unwrap();
    assert_eq!(found.messages.len(), 1);
    assert_eq!(html(&found), "<mark>Bonjour</mark> Jean");
    // Another user's room, an unknown room, and a user's id.
    for foreign in [other_room, Uuid::new_v4(), driver.0] {
        let found = search(&test, client, "bonjour", within(foreign)).await;
        assert!(matches!(found, Err(Error::NotFound)));
    }
    let unknown = search(&test, Viewer(Uuid::new_v4()), "bonjour", Scope::default()).await;
    assert!(matches!(
        unknown,
        Err(Error::Unauthorized(Unauthorized::UserNotFound))
    ));
}

#[tokio::test]
async fn pages_contain_each_match_once_newest_first() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    let other_room = test
        .room_between(driver, test.user("client", "Ali").await)
        .await
        .id;
    let mut said = Vec::new();
    for turn in 0..7 {
        let message = test
            .say(
                driver,
                [room, other_room][turn % 2],
                &format!("Colis {turn}"),
            )
            .await;
        test.say(driver, room, "autre chose").await;
        said.insert(0, message.id);
    }
    for size in ["1", "3", "7", "20"] {
        let (mut seen, mut before) = (Vec::<Uuid>::new(), None::<Cursor>);
        loop {
            let scope = Scope {
                room_id: None,
                before,
            };
            let found = messages::search(
                &test.app.database,
                driver,
                "colis",
                &scope,
                PageSize::parse(size),
                None,
            )
            .await
            .unwrap();
            seen.extend(found.messages.iter().map(|found| found.message.id));
            before = found.continues_before;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, said, "pages of {size}");
    }
    assert_eq!(seqs(&test, client, "colis").await.len(), 4);
}

#[tokio::test]
async fn a_rare_word_is_found_beyond_the_newest_messages() {
    let test = TestApp::new().await;
    let (driver, client, room) = test.room().await;
    test.say(client, room, "Une girafe").await;
    test.say(driver, room, "Une girafe et un éléphant").await;
    test
        .sql
        .execute(
            "INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, revision)
             SELECT gen_random_uuid(), id, 2 + n, driver_id, 'text', 'Bonjour ' || n, now() + n * interval '1 second', 1
             FROM chat_rooms, generate_series(1, 4500) AS n",
            &[],
        )
        .await
        .unwrap();
    test.index_words().await;
    assert_eq!(seqs(&test, driver, "girafes").await, [2, 1]);
    assert_eq!(seqs(&test, client, "bonjour eleph").await, [0_i64; 0]);
    assert_eq!(seqs(&test, client, "girafe eleph").await, [2]);
    let within = Scope {
        room_id: Some(room),
        before: None,
    };
    let found = search(&test, client, "girafe", within).await.unwrap();
    assert_eq!(found.messages.len(), 2);
    assert_eq!(seqs(&test, driver, "bonjour").await.len(), 20);
}

#[tokio::test]
async fn deleted_messages_and_replaced_texts_are_not_found() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let first = test.say(driver, room, "Girafe").await;
    test.say(driver, room, "Girafe").await;
    let sql = &test.sql;
    sql.execute(
        "UPDATE chat_messages SET text = 'Lion' WHERE id = $1",
        &[&first.id],
    )
    .await
    .unwrap();
    assert_eq!(seqs(&test, driver, "girafe").await, [2]);
    assert_eq!(seqs(&test, driver, "lion").await, [1]);
    sql.execute("DELETE FROM chat_messages WHERE seq = 2", &[])
        .await
        .unwrap();
    assert!(seqs(&test, driver, "girafe").await.is_empty());
}

#[tokio::test]
async fn an_edit_while_its_message_is_being_indexed_replaces_the_words() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let edited = test.say(driver, room, "Girafe").await;
    let deleted = test.say(driver, room, "Zèbre").await;
    let mut indexing = test.connect().await;
    let indexing = indexing.transaction().await.unwrap();
    let index = "SELECT chat_message_search_index(10)";
    let taken = indexing.query_one(index, &[]).await.unwrap();
    assert_eq!(taken.get::<_, i64>(0), 2);
    let edit = "UPDATE chat_messages SET text = 'Lion' WHERE id = $1";
    let delete = "DELETE FROM chat_messages WHERE id = $1";
    let changes = async {
        test.sql.execute(edit, &[&edited.id]).await.unwrap();
        test.sql.execute(delete, &[&deleted.id]).await.unwrap();
    };
    let commit = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        indexing.commit().await.unwrap();
    };
    tokio::join!(changes, commit);
    assert_eq!(seqs(&test, driver, "girafe").await, [0_i64; 0]);
    assert_eq!(seqs(&test, driver, "zèbre").await, [0_i64; 0]);
    assert_eq!(seqs(&test, driver, "lion").await, [1]);
}

#[tokio::test]
async fn a_message_that_is_being_edited_is_indexed_by_a_later_run() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    let edited = test.say(driver, room, "Girafe").await;
    let mut editing = test.connect().await;
    let editing = editing.transaction().await.unwrap();
    let edit = "UPDATE chat_messages SET text = 'Lion' WHERE id = $1";
    editing.execute(edit, &[&edited.id]).await.unwrap();
    let indexed = messages::index_words(&test.app.database, 10).await;
    assert_eq!(indexed.unwrap(), 0);
    editing.commit().await.unwrap();
    assert_eq!(seqs(&test, driver, "girafe").await, [0_i64; 0]);
    assert_eq!(seqs(&test, driver, "lion").await, [1]);
}

#[tokio::test]
async fn the_matched_words_are_highlighted() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    // Next to each word is a character that a parser could treat as one of its letters.
    let said = "été×été÷ete «ÉTÉ» ½ete ete\u{301} \u{1f600}ete ete\u{2019}ete ª ﬁn № ＥＴＥ";
    test.say(driver, room, said).await;
    let found = search(&test, driver, "ete", Scope::default())
        .await
        .unwrap();
    assert_eq!(
        html(&found),
        "<mark>été</mark>×<mark>été</mark>÷<mark>ete</mark> «<mark>ÉTÉ</mark>» ½<mark>ete</mark> \
         <mark>ete\u{301}</mark> \u{1f600}<mark>ete</mark> <mark>ete</mark>\u{2019}<mark>ete</mark> ª ﬁn № <mark>ＥＴＥ</mark>"
    );
}

#[tokio::test]
async fn a_text_of_one_very_long_word_can_be_sent_and_found() {
    let test = TestApp::new().await;
    let (driver, _, room) = test.room().await;
    test.say(driver, room, &"é".repeat(5000)).await;
    test.say(driver, room, &"\u{fdfa}".repeat(5000)).await;
    test.say(driver, room, &"é ".repeat(2500)).await;
    assert_eq!(seqs(&test, driver, &"e".repeat(100)).await, [1]);
}
