//! The function that the tests invoke. Its event selects its behaviour. At a gate, it waits until the test releases
//! it.

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use lambda_extension::{Extension, LambdaEvent as ExtensionEvent, NextEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, mpsc};

/// The gates for the work after each response, in the order of the invocations.
static AFTER_REPLY: LazyLock<(Sender, Mutex<Receiver>)> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Mutex::new(receiver))
});

type Sender = mpsc::UnboundedSender<Option<String>>;
type Receiver = mpsc::UnboundedReceiver<Option<String>>;

#[tokio::main(flavor = "current_thread")]
pub async fn run() {
    if let Ok(words) = std::env::var("CANNOT_START") {
        println!("{words}");
        std::process::exit(1);
    }
    if std::env::var("STARTS_NEVER").is_ok() {
        std::future::pending::<()>().await;
    }
    if let Ok(mark) = std::env::var("EXTENSION") {
        let shutdown = mark.clone();
        let events = lambda_extension::service_fn(move |event: ExtensionEvent| {
            let shutdown = shutdown.clone();
            async move {
                match event.next {
                    NextEvent::Invoke(_) => {
                        let gate = AFTER_REPLY.1.lock().await.recv().await;
                        pass(gate.flatten()).await;
                    }
                    NextEvent::Shutdown(_) => note(&shutdown, "SHUTDOWN"),
                }
                Ok::<_, Infallible>(())
            }
        });
        let extension = Extension::new()
            .with_extension_name("test")
            .with_events(&["INVOKE", "SHUTDOWN"])
            .with_events_processor(events)
            .register()
            .await
            .unwrap();
        tokio::spawn(extension.run());
        tokio::spawn(async move {
            signal(SignalKind::terminate()).unwrap().recv().await;
            // Lambda notifies the runtime and the extensions at the same time.
            while !std::fs::read_to_string(&mark).is_ok_and(|it| it.contains("SHUTDOWN")) {
                tokio::task::yield_now().await;
            }
            note(&mark, "SIGTERM");
            std::process::exit(0);
        });
    }
    lambda_runtime::run(service_fn(handle)).await.unwrap();
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    let parameters = &payload["queryStringParameters"];
    let gate = |name: &str| {
        payload[name]
            .as_str()
            .or(parameters[name].as_str())
            .map(str::to_owned)
    };
    pass(gate("before")).await;
    AFTER_REPLY.0.send(gate("after")).unwrap();
    if payload["fails"] == true {
        return Err("no such table".into());
    }
    if let Some(size) = payload["bytes"].as_u64() {
        return Ok("x".repeat(size.try_into().unwrap()).into());
    }
    if !payload["httpMethod"].is_null() {
        return Ok(http_response(&payload));
    }
    let deadline = context
        .deadline()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Ok(json!({
        "pid": std::process::id(),
        "version": std::env::var("VERSION").ok(),
        "deadline": deadline.as_millis(),
    }))
}

/// Returns the response for the gateway's tests: the event itself, or another one by the path.
fn http_response(event: &Value) -> Value {
    match event["path"].as_str() {
        Some("/malformed") => json!("no response"),
        Some("/bytes") => json!({ "statusCode": 200, "body": "/wD+", "isBase64Encoded": true }),
        Some("/cookies") => {
            json!({ "statusCode": 204, "headers": { "x-one": "1" }, "multiValueHeaders": { "set-cookie": ["a=1", "b=2"] } })
        }
        _ => {
            json!({ "statusCode": 200, "headers": { "content-type": "application/json" }, "body": event.to_string() })
        }
    }
}

/// Waits at a gate, if there is one, until the test closes the connection.
async fn pass(gate: Option<String>) {
    if let Some(address) = gate {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let _ = connection.read_to_end(&mut Vec::new()).await;
    }
}

fn note(file: &str, word: &str) {
    let known = std::fs::read_to_string(file).unwrap_or_default();
    std::fs::write(file, format!("{known}{word} ")).unwrap();
}
