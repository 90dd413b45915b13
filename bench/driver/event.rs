use std::collections::HashMap;

use emulator::gateway::{Origin, Routes, event_of};
use emulator::template::Template;
use hyper::Request;
use hyper::body::Bytes;
use serde::Deserialize;

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
const REQUEST_ID: &str = "67891233-abcd-4ef0-9234-567891234567";

/// An event in a plan, and the group in which it is counted.
#[derive(Deserialize)]
pub struct Event {
    #[serde(default)]
    group: String,
    /// The event of a schedule or a deployment.
    event: Option<String>,
    request: Option<ApiRequest>,
}

/// A request to the API.
#[derive(Deserialize)]
pub struct ApiRequest {
    method: String,
    url: String,
    headers: HashMap<String, String>,
    #[serde(default)]
    body: String,
}

/// An event as the function receives it.
#[derive(Clone)]
pub struct ReadEvent {
    pub group: String,
    pub event: Bytes,
}

/// Converts requests into events, as API Gateway does.
pub struct Events(Routes);

impl Events {
    pub fn new() -> Self {
        let text = std::fs::read_to_string(TEMPLATE).unwrap();
        Self(Routes::new(&Template::parse(&text).unwrap().routes))
    }

    pub fn read(&self, events: &[Event]) -> Vec<ReadEvent> {
        let read = events.iter().map(|it| ReadEvent {
            group: it.group.clone(),
            event: match (&it.event, &it.request) {
                (Some(event), None) => event.clone().into(),
                (None, Some(request)) => of_request(request, self).into(),
                _ => panic!("either an event or a request"),
            },
        });
        read.collect()
    }
}

pub fn of_request(request: &ApiRequest, events: &Events) -> String {
    let mut head = Request::builder()
        .method(request.method.as_str())
        .uri(&request.url);
    for (name, value) in &request.headers {
        head = head.header(name, value);
    }
    let (head, ()) = head.body(()).unwrap().into_parts();
    let (resource, parameters) = events.0.find(head.uri.path()).unwrap();
    let origin = Origin {
        request_id: REQUEST_ID,
        resource: &resource.path,
        parameters,
        source_ip: [192, 0, 2, 1].into(),
    };
    let event = event_of(&head, &request.body.clone().into(), origin).unwrap();
    String::from_utf8(event.to_vec()).unwrap()
}
