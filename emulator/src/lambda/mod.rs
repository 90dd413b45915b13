//! AWS Lambda: functions, their environments, and the Runtime and Extensions APIs.

mod environment;
mod function;
mod invocation;
mod process;
mod runtime_api;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;

pub use environment::{Ready, Status};
pub use function::{Function, Totals};
pub use invocation::{Completed, InvokeError};
pub use settings::{FunctionSettings, Notice, Shutdown};

/// The largest event, and the largest response of a function.
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// All functions by name.
pub struct Lambda {
    functions: BTreeMap<String, Arc<Function>>,
}

impl Lambda {
    /// Creates the functions without starting a process: environments start on demand, or with [`Function::start`].
    #[must_use]
    pub fn new(functions: impl IntoIterator<Item = FunctionSettings>) -> Self {
        let functions = functions.into_iter();
        Self {
            functions: functions
                .map(|settings| (settings.name.clone(), Function::new(settings)))
                .collect(),
        }
    }

    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions.get(name)
    }

    /// Returns all functions in the order of their names.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.functions.values()
    }

    /// Invokes a function, and waits for its response or its failure.
    ///
    /// # Errors
    /// If the invocation does not reach the function: the function is unknown, the event is too large, or
    /// the function uses all of its reserved concurrency.
    pub async fn invoke(&self, name: &str, event: Bytes) -> Result<Completed, InvokeError> {
        let function = self.function(name).ok_or(InvokeError::NotFound)?;
        function.invoke(event).await
    }

    /// Ends all environments. Running invocations may finish within `timeout`; then the processes are killed.
    pub async fn stop(&self, timeout: Duration) {
        let drained = async {
            for function in self.functions() {
                function.drain();
            }
            for function in self.functions() {
                function.until_empty().await;
            }
        };
        if tokio::time::timeout(timeout, drained).await.is_ok() {
            return;
        }
        for function in self.functions() {
            function.kill_all();
        }
        for function in self.functions() {
            function.until_empty().await;
        }
    }
}
