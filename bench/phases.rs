//! Measures the parts of a request that need no other service: `phases PHASE TIMES < EVENT` runs one part this many
//! times, and prints its average duration in nanoseconds. `JWT_SECRET` has the key of the event's token, and
//! `FIREBASE_CREDENTIALS_PATH` the file of the service account.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot be set up is no bench, and what it prints is its result"
)]

use std::hint::black_box;
use std::time::Instant;

use lambda_http::request::from_str;
use shared::auth::{JwtKey, TokenRules, authenticate};
use shared::domain::{Message, Page, PageNumber, PageSize, Sender, Timestamp, Viewer};
use shared::firebase::{ServiceAccount, custom_token};
use shared::http::{ApiResponse, Paged, Request};
use shared::tls;
use uuid::Uuid;

fn main() {
    let event = std::io::read_to_string(std::io::stdin()).unwrap();
    let rules = TokenRules::default();
    let key = std::env::var("JWT_SECRET").unwrap();
    let keys = [JwtKey::parse(rules.algorithm, &key).unwrap()];
    let phase = std::env::args().nth(1).unwrap();
    let times: u32 = std::env::args().nth(2).unwrap().parse().unwrap();

    let request = Request::from(from_str(&event).unwrap());
    let viewer = authenticate(request.headers(), &rules, &keys).unwrap();
    let messages = page(viewer);
    let account = std::fs::read(std::env::var("FIREBASE_CREDENTIALS_PATH").unwrap()).unwrap();
    let account = ServiceAccount::parse(&serde_json::from_slice(&account).unwrap()).unwrap();
    let one = || match phase.as_str() {
        "parse" => {
            black_box(Request::from(from_str(black_box(&event)).unwrap()));
        }
        "verify" => {
            black_box(authenticate(request.headers(), &rules, &keys).unwrap());
        }
        "read" => {
            let mut body = request.body().unwrap();
            let room_id: Option<Uuid> = body.required("chat_room_id");
            black_box((room_id, body.required::<shared::domain::Text>("text")));
        }
        "answer" => {
            let (number, size) = (PageNumber::Number(1), PageSize::DEFAULT);
            let page = Page::new(100, number, size, messages.clone()).unwrap();
            black_box(ApiResponse::ok(&Paged::new(&request, page)).unwrap());
        }
        "sign" => {
            black_box(custom_token(black_box(&account), viewer.0).unwrap());
        }
        "roots" => {
            let roots = tls::roots_of_region(black_box(tls::RDS_ROOTS), "us-west-2");
            let mut store = tls::public_roots();
            assert_eq!(store.add_parsable_certificates(roots.flatten()), (3, 0));
            black_box(store);
        }
        _ => panic!("Usage: phases parse|verify|read|answer|sign|roots TIMES < EVENT"),
    };
    let began = Instant::now();
    (0..times).for_each(|_| one());
    println!("{}", began.elapsed().as_nanos() / u128::from(times.max(1)));
}

/// Returns twenty messages, a page of `list-messages`.
fn page(viewer: Viewer) -> Vec<Message> {
    let now = Timestamp(chrono::Utc::now());
    let message = |seq| Message {
        id: Uuid::now_v7(),
        chat_room: Uuid::now_v7(),
        seq,
        sender: Some(Sender {
            id: viewer.0,
            full_name: "Awa Koné".to_owned(),
            profile_photo_url: None,
        }),
        message_type: "text".to_owned(),
        text: "J'arrive dans cinq minutes, je suis au portail".to_owned(),
        image_url: String::new(),
        latitude: None,
        longitude: None,
        is_delivered: true,
        is_read: true,
        read_at: Some(now),
        created_at: now,
        edited_at: None,
        is_deleted: false,
        deleted_at: None,
        revision: seq,
        versions: None,
    };
    (1..=20).map(message).collect()
}
