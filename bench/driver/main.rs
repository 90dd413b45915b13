//! Loads functions with requests and measures them. They run on the emulator (`emulator/`) in this process, so that no
//! connection affects the measurements. The plan is JSON on standard input, the result JSON on standard output;
//! `bench/driver.mjs` calls this program.
//!
//! * `driver start` starts each function repeatedly, in turns, for one request each.
//! * `driver load` sends requests to environments continuously.
//! * `driver event` prints the event of a request.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot be set up is no bench, and what it prints is its result"
)]

mod environment;
mod event;
mod feed;
mod process;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use environment::{Environment, EnvironmentPlan};
use event::{Event, Events};
use feed::{Feed, Summary};

#[derive(Deserialize)]
struct StartPlan {
    rounds: usize,
    functions: BTreeMap<String, StartedFunction>,
}

#[derive(Deserialize)]
struct StartedFunction {
    environment: EnvironmentPlan,
    /// One event per round, in a cycle.
    events: Vec<Event>,
    answers: Vec<u16>,
}

/// The starts, one value each, in microseconds and KB.
#[derive(Default, Serialize)]
struct Starts {
    ready: Vec<u128>,
    first_answer: Vec<u128>,
    peak_memory: Vec<u64>,
}

#[derive(Deserialize)]
struct LoadPlan {
    environments: Vec<EnvironmentPlan>,
    events: Vec<Event>,
    answers: Vec<u16>,
    /// Requests before the measurement.
    warm_up: usize,
    /// The number or the duration of the measured requests.
    requests: Option<usize>,
    seconds: Option<f64>,
    /// A command that runs between warm-up and measurement, with the environments' process ids appended.
    mark: Option<Vec<String>>,
    /// Whether to report each reply's message and time.
    #[serde(default)]
    replies: bool,
}

#[derive(Serialize)]
struct Load {
    seconds: f64,
    requests: usize,
    /// The time that environments were occupied, from an event until their extensions are idle.
    busy_seconds: f64,
    /// CPU time of the functions' processes, in microseconds.
    cpu_per_request: f64,
    /// The memory use of the largest process, in KB.
    peak_memory: u64,
    #[serde(flatten)]
    summary: Summary,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // A panic in any task ends this process, and the functions end with their Runtime API.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(1);
    }));
    let plan = std::io::read_to_string(std::io::stdin()).unwrap();
    let found = match std::env::args().nth(1).as_deref() {
        Some("start") => {
            serde_json::to_string(&start(serde_json::from_str(&plan).unwrap()).await).unwrap()
        }
        Some("load") => {
            serde_json::to_string(&load(serde_json::from_str(&plan).unwrap()).await).unwrap()
        }
        Some("event") => event::of_request(&serde_json::from_str(&plan).unwrap(), &Events::new()),
        _ => panic!("Usage: driver start|load|event < PLAN"),
    };
    println!("{found}");
}

/// Starts the functions in turns, so that other load on the machine affects all alike.
async fn start(plan: StartPlan) -> BTreeMap<String, Starts> {
    let events = Events::new();
    let mut found: BTreeMap<String, Starts> = BTreeMap::new();
    for round in 0..plan.rounds {
        for (name, function) in &plan.functions {
            let event = &function.events[round % function.events.len()];
            let feed = Feed::new(events.read(std::slice::from_ref(event)), &function.answers);
            feed.allow(1);
            let environment = Environment::start(&function.environment, &feed).await;
            feed.answered(1).await;
            let starts = found.entry(name.clone()).or_default();
            starts.ready.push(environment.ready_after().as_micros());
            let [first] = feed.latencies()[..] else {
                panic!("{name}: one answer was expected");
            };
            starts.first_answer.push(first.as_micros());
            starts.peak_memory.push(environment.peak_memory());
            environment.end().await;
        }
    }
    found
}

async fn load(plan: LoadPlan) -> Load {
    let feed = Feed::new(Events::new().read(&plan.events), &plan.answers);
    let mut environments = Vec::new();
    for environment in &plan.environments {
        environments.push(Environment::start(environment, &feed).await);
    }

    feed.allow(plan.warm_up);
    feed.answered(plan.warm_up).await;
    if let Some(mark) = &plan.mark {
        let pids = environments.iter().map(|it| it.pid().to_string());
        process::run(mark, pids).await;
    }

    let cpu = |environments: &[Environment]| environments.iter().map(Environment::cpu).sum();
    let busy = |environments: &[Environment]| -> f64 {
        environments.iter().map(Environment::busy_seconds).sum()
    };
    let before: Duration = cpu(&environments);
    let busy_before = busy(&environments);
    let began = feed.measure(plan.replies);
    match (plan.requests, plan.seconds) {
        (Some(requests), _) => {
            feed.allow(plan.warm_up + requests);
            feed.answered(plan.warm_up + requests).await;
        }
        (None, Some(seconds)) => {
            feed.allow(usize::MAX);
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        }
        (None, None) => panic!("either requests or seconds"),
    }
    let seconds = began.elapsed().as_secs_f64();
    let summary = feed.summary();
    let spent: Duration = cpu(&environments);
    let busy_seconds = busy(&environments) - busy_before;
    let peak_memory = environments.iter().map(Environment::peak_memory).max();
    for environment in environments {
        environment.end().await;
    }
    let requests = summary.requests();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let cpu_per_request = spent.saturating_sub(before).as_secs_f64() * 1e6 / requests.max(1) as f64;
    Load {
        seconds,
        requests,
        busy_seconds,
        cpu_per_request,
        peak_memory: peak_memory.unwrap_or_default(),
        summary,
    }
}
