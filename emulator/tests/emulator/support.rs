use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use emulator::lambda::{Completed, Function, FunctionSettings, Lambda};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

pub const SAMPLE: &str = "sample";

/// A folder that is deleted after the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("emulator-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A point at which a function waits for the test.
pub struct Gate {
    listener: TcpListener,
    pub address: String,
}

impl Gate {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { listener, address }
    }

    /// Returns once a function waits here. The function continues when the result is dropped.
    pub async fn arrived(&self) -> TcpStream {
        let (connection, _) = within(self.listener.accept()).await.unwrap();
        connection
    }
}

/// A Lambda with one function.
pub struct Stage {
    pub lambda: Arc<Lambda>,
    pub folder: Folder,
    pub notices: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    pub fn new(adjust: impl FnOnce(&mut FunctionSettings)) -> Self {
        Self::in_folder(Folder::new(), adjust)
    }

    pub fn in_folder(folder: Folder, adjust: impl FnOnce(&mut FunctionSettings)) -> Self {
        let notices: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = notices.clone();
        let mut settings = FunctionSettings {
            init_timeout: LONG,
            notice: Arc::new(move |words| noted.lock().unwrap().push(words.to_owned())),
            ..FunctionSettings::new(SAMPLE, program(), folder.0.join("sample.log"))
        };
        adjust(&mut settings);
        Self {
            lambda: Arc::new(Lambda::new([settings])),
            folder,
            notices,
        }
    }

    pub fn function(&self) -> &Arc<Function> {
        self.lambda.function(SAMPLE).unwrap()
    }

    pub async fn invoke(&self, event: Value) -> Completed {
        within(self.lambda.invoke(SAMPLE, event.to_string().into()))
            .await
            .unwrap()
    }

    /// Invokes the function in a task.
    pub fn invoking(&self, event: Value) -> tokio::task::JoinHandle<Completed> {
        let lambda = self.lambda.clone();
        tokio::spawn(async move {
            lambda
                .invoke(SAMPLE, event.to_string().into())
                .await
                .unwrap()
        })
    }

    /// Invokes the function and returns the id of its process, which is idle then: it takes the next invocation.
    pub async fn pid(&self) -> u64 {
        let completed = self.invoke(json!({})).await;
        let pid = json_of(&completed)["pid"].as_u64().unwrap();
        within(completed.until_idle()).await.unwrap();
        pid
    }

    pub fn states(&self) -> Vec<&'static str> {
        self.function()
            .environments()
            .iter()
            .map(|it| it.state)
            .collect()
    }
}

/// Returns the command that runs this binary as a function.
pub fn program() -> Vec<String> {
    let program = std::env::current_exe().unwrap().display().to_string();
    [program.as_str(), "--exact", "function", "--nocapture"]
        .map(str::to_owned)
        .into()
}

pub fn json_of(completed: &Completed) -> Value {
    serde_json::from_slice(&completed.payload).unwrap()
}

pub const LONG: Duration = Duration::from_mins(1);

/// Fails if the future does not complete in time.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("in time")
}

/// Polls until the condition holds, for states without an event.
pub async fn eventually(condition: impl Fn() -> bool) {
    within(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Sends one HTTP request and reads the whole response.
pub async fn send(address: &str, request: Request<Full<Bytes>>) -> Response<Bytes> {
    within(async {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        connection.abort();
        Response::from_parts(head, bytes)
    })
    .await
}
