//! A minimal `lambda_http` function, the baseline of the measurements.

use std::convert::Infallible;

use lambda_http::{Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| {
        Ok::<_, Infallible>(Response::new(r#"{"hello":"world"}"#.to_owned()))
    }))
    .await
}
