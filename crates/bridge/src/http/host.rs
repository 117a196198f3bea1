//! The guard against DNS rebinding: a request must name this machine as its host, before anything else is looked at.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

/// Refuses requests for a foreign host with 421 (RFC 9110, 15.5.20).
pub(super) async fn check(port: u16, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| is_ours(host, port))
        && request.headers().get_all(HOST).iter().count() == 1
    {
        return next.run(request).await;
    }
    tracing::warn!(host, "a request for a foreign host was refused");
    (
        StatusCode::MISDIRECTED_REQUEST,
        "this address answers for 127.0.0.1 and localhost only\n",
    )
        .into_response()
}

fn is_ours(host: &str, port: u16) -> bool {
    let (name, given) = match host.rsplit_once(':') {
        Some((name, digits)) => (name, digits.parse().ok()),
        None => (host, Some(80)),
    };
    given == Some(port) && (name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_only_names_of_this_machine_with_our_port_are_ours() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080"] {
            assert!(is_ours(host, 8080), "{host}");
        }
        let foreign = [
            "evil.test",
            "evil.test:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost.evil.test:8080",
            "",
            ":8080",
        ];
        for host in foreign {
            assert!(!is_ours(host, 8080), "{host}");
        }
        assert!(is_ours("localhost", 80));
    }
}
