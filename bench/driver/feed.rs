use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::sync::watch;

use crate::event::ReadEvent;

/// Hands out the requests in a cycle, and records their results.
pub struct Feed {
    events: Vec<ReadEvent>,
    answers: Vec<u16>,
    next: AtomicUsize,
    /// The number of requests that may be handed out.
    allowed: watch::Sender<usize>,
    answered: watch::Sender<usize>,
    samples: Mutex<Samples>,
}

#[derive(Default)]
struct Samples {
    latencies: BTreeMap<String, Vec<Duration>>,
    /// The times from a response until the process could take the next request.
    pauses: Vec<Duration>,
    replies: Option<Vec<(String, u128)>>,
}

/// In microseconds.
#[derive(Serialize)]
pub struct Summary {
    groups: BTreeMap<String, Group>,
    pause: f64,
    replies: Vec<(String, u128)>,
}

#[derive(Serialize)]
struct Group {
    requests: usize,
    mean: f64,
    p50: f64,
    p99: f64,
    /// The 95 % confidence interval of p99. Two figures differ if their intervals do not overlap.
    p99_between: (f64, f64),
    max: f64,
}

impl Feed {
    pub fn new(events: Vec<ReadEvent>, answers: &[u16]) -> Arc<Self> {
        Arc::new(Self {
            events,
            answers: answers.to_vec(),
            next: AtomicUsize::new(0),
            allowed: watch::Sender::new(0),
            answered: watch::Sender::new(0),
            samples: Mutex::default(),
        })
    }

    pub fn allow(&self, requests: usize) {
        self.allowed.send_replace(requests);
    }

    /// Returns when this number of requests has a response.
    pub async fn answered(&self, requests: usize) {
        let _ = self
            .answered
            .subscribe()
            .wait_for(|it| *it >= requests)
            .await;
    }

    /// Discards the results so far.
    pub fn measure(&self, replies: bool) -> Instant {
        *self.samples.lock().unwrap() = Samples {
            replies: replies.then(Vec::new),
            ..Samples::default()
        };
        Instant::now()
    }

    pub async fn next(&self) -> (usize, &ReadEvent) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut allowed = self.allowed.subscribe();
        let _ = allowed.wait_for(|it| *it > number).await;
        (number, &self.events[number % self.events.len()])
    }

    /// Records a request's duration, from the event's arrival in the process to its complete response.
    pub fn answer(&self, (number, group): (usize, &str), took: Duration, answer: &[u8]) {
        let status = status_of(answer);
        assert!(
            self.answers.is_empty() || status.is_some_and(|it| self.answers.contains(&it)),
            "request {number}: {:?} was expected, and the answer is {}",
            self.answers,
            String::from_utf8_lossy(answer)
        );
        let mut samples = self.samples.lock().unwrap();
        let times = samples.latencies.entry(group.to_owned()).or_default();
        times.push(took);
        if let Some(replies) = &mut samples.replies {
            replies.extend(id_of(answer).map(|id| (id, microseconds_since_1970())));
        }
        self.answered.send_modify(|it| *it += 1);
    }

    /// Records how long the environment stayed occupied after a response.
    pub fn idle_after(&self, pause: Duration) {
        self.samples.lock().unwrap().pauses.push(pause);
    }

    pub fn latencies(&self) -> Vec<Duration> {
        let samples = self.samples.lock().unwrap();
        samples.latencies.values().flatten().copied().collect()
    }

    pub fn summary(&self) -> Summary {
        let mut samples = self.samples.lock().unwrap();
        Summary {
            groups: samples
                .latencies
                .iter_mut()
                .map(|(name, times)| (name.clone(), Group::of(times)))
                .collect(),
            pause: Group::of(&mut samples.pauses).p50,
            replies: samples.replies.take().unwrap_or_default(),
        }
    }
}

impl Summary {
    pub fn requests(&self) -> usize {
        self.groups.values().map(|it| it.requests).sum()
    }
}

impl Group {
    fn of(times: &mut [Duration]) -> Self {
        times.sort_unstable();
        let microseconds = |time: &Duration| time.as_secs_f64() * 1e6;
        let ranked = |index: usize| {
            times[..times.len().min(index + 1)]
                .last()
                .map_or(0.0, microseconds)
        };
        let percentile = |percent: usize| ranked(times.len() * percent / 100);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let number = times.len().max(1) as f64;
        // The number of requests beyond the 99th percentile is binomially distributed.
        let spread = 1.96 * (number * 0.99 * 0.01).sqrt();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank, and f64 to usize saturates"
        )]
        let beside = |by: f64| ranked((number * 0.99 + by) as usize);
        Self {
            requests: times.len(),
            mean: times.iter().map(microseconds).sum::<f64>() / number,
            p50: percentile(50),
            p99: percentile(99),
            p99_between: (beside(-spread), beside(spread)),
            max: percentile(100),
        }
    }
}

/// Returns the status of a response to API Gateway. A scheduled function's result has none.
fn status_of(answer: &[u8]) -> Option<u16> {
    after(answer, br#""statusCode":"#)
        .and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok())
}

/// Returns the id at the beginning of the body, which is JSON inside JSON.
fn id_of(answer: &[u8]) -> Option<String> {
    let id = after(answer, br#"\"id\":\""#)?.get(..36)?;
    String::from_utf8(id.to_vec()).ok()
}

fn after<'a>(bytes: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let begins = bytes.windows(key.len()).position(|it| it == key)?;
    Some(&bytes[begins + key.len()..])
}

fn microseconds_since_1970() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros()
}
