//! What everything is measured against: hyper, a handler that parses and answers the same JSON, and nothing else.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::Outcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    host: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Serialize)]
struct Output {
    session: String,
}

/// Ids of the same length as real ones.
static NEXT: AtomicU64 = AtomicU64::new(0);

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(refused()),
    };
    let Ok(Input { host, name }) = serde_json::from_slice(&body) else { return Ok(refused()) };
    let number = NEXT.fetch_add(1, Ordering::Relaxed) + u64::from(host.is_empty() && name.is_none());
    let output = Output { session: format!("00000000-0000-4000-8000-{number:012}") };
    let mut response = Response::new(Full::from(serde_json::to_vec(&output).unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn refused() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// Serves until it is killed. Says where, as the other server does.
#[tokio::main]
pub(crate) async fn serve() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("a bare handler serves on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(answer);
            let http = hyper::server::conn::http1::Builder::new();
            // A client that leaves is no concern here.
            drop(http.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}
