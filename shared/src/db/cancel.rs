//! Cancels statements. PostgreSQL's protocol uses a separate connection for this.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::config::Host;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Cancels the statement that PostgreSQL executes for `client`, and returns when it has ended. The client's connection
/// stays open until then, because `PgBouncer` loses the statement when its client disconnects.
///
/// # Errors
/// The server cannot be reached.
pub async fn cancel(
    client: &Client,
    config: &Config,
    mut tls: MakeRustlsConnect,
) -> Result<(), BoxError> {
    let Some(Host::Tcp(host)) = config.get_hosts().first() else {
        return Err("the host is no name or address".into());
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let stream = UntilClosed(TcpStream::connect((host.as_str(), port)).await?);
    let tls = <MakeRustlsConnect as MakeTlsConnect<UntilClosed>>::make_tls_connect(&mut tls, host)?;
    client.cancel_token().cancel_query_raw(stream, tls).await?;
    Ok(client.check_connection().await?)
}

/// A connection that only the server closes. tokio-postgres closes its end as soon as it has sent the request, and
/// `PgBouncer` before 1.21 then drops the request.
struct UntilClosed(TcpStream);

impl AsyncRead for UntilClosed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for UntilClosed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    /// Waits until the server has closed the connection, which confirms the request.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut rest = [0; 64];
        loop {
            let mut buf = ReadBuf::new(&mut rest);
            ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
