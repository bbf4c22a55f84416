//! Answers of a server of ours that need nobody behind them.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName};
use hyper::{Response, StatusCode, http};

/// A page that needs nothing from elsewhere. `connects`: where it may, as a policy for browsers has it.
pub(crate) fn page(page: &'static str, connects: &str) -> http::Result<Response<Full<Bytes>>> {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src {connects}; \
         img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    Response::builder()
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .body(Full::from(page))
}

/// A refusal that says why, in a line.
pub(crate) fn refusal(
    status: StatusCode,
    why: &str,
    headers: &[(HeaderName, &'static str)],
) -> http::Result<Response<Full<Bytes>>> {
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
    for (name, value) in headers {
        response = response.header(name, *value);
    }
    response.body(Full::from(format!("{why}\n")))
}
