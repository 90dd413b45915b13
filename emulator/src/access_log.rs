use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use emulator::gateway::Answered;
use hyper::Method;

/// `gateway.log`: one JSON object per request, as the deployed API writes it. It has the resource, but no path,
/// query, header or body.
pub struct AccessLog(Mutex<File>);

impl AccessLog {
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let file = File::options()
            .create(true)
            .append(true)
            .open(folder.join("gateway.log"))?;
        Ok(Self(Mutex::new(file)))
    }

    pub fn write(&self, method: &Method, answered: &Answered, took: Duration) {
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let line = serde_json::json!({
            "requestId": answered.request_id,
            "time": u64::try_from(time.as_millis()).unwrap_or_default(),
            "method": method.as_str(),
            "route": answered.resource,
            "status": answered.response.status().as_u16(),
            "latencyMs": (took.as_secs_f64() * 10_000.0).round() / 10.0,
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not fail the request.
        let _ = writeln!(file, "{line}");
    }
}
