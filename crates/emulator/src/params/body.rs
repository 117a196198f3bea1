//! Takes a request apart: query, urlencoded form, JSON or multipart.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::extract::FromRequest;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use hyper::body::Body as _;
use serde_json::Value;

use super::Params;
use super::Upload;
use crate::error::ApiError;
use crate::method::Method;

/// All parameters that are not files, together (`TDLib`).
const PARAMETERS_MAX: usize = 1024 * 1024;
/// An uploaded file (Bot API, "Sending files").
const FILE_MAX: usize = 50 * 1024 * 1024;

/// A multipart body: one file, the parameters, and room for boundaries and headers.
const BODY_MAX: usize = FILE_MAX + 2 * PARAMETERS_MAX;

/// Reads the parameters of a call to `method`.
pub(crate) async fn read(method: Method, request: Request) -> Result<Params, ApiError> {
    let mut raw = pairs(request.uri().query().unwrap_or_default());
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let is_multipart = content_type.starts_with("multipart/form-data");
    let (head, body) = request.into_parts();
    let bytes = whole(
        body,
        if is_multipart {
            BODY_MAX
        } else {
            PARAMETERS_MAX
        },
    )
    .await?;
    if is_multipart {
        let (values, files) = multipart(Request::from_parts(head, Body::from(bytes))).await?;
        raw.extend(values);
        return Params::typed(method, raw, files);
    }
    if content_type.starts_with("application/json") {
        raw.extend(object(&bytes)?);
    } else if content_type.starts_with("application/x-www-form-urlencoded") {
        raw.extend(pairs(&String::from_utf8_lossy(&bytes)));
    } else if !bytes.is_empty() {
        return Err(ApiError::bad_request(
            "unsupported content type of the request",
        ));
    }
    Params::typed(method, raw, BTreeMap::new())
}

/// Reads a request that is refused unseen, see [`whole`].
pub(crate) async fn discard(request: Request) {
    // Refused either way, whether it could be read or not.
    drop(whole(request.into_body(), 0).await);
}

/// Reads to the end even what is too long: a client that is still sending would not see the
/// answer, and a connection with an unread rest could not be used again.
async fn whole(mut body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let (mut bytes, mut size) = (Vec::new(), 0);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| ApiError::bad_request("can't read the request"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        size += data.len();
        if size <= limit {
            bytes.extend_from_slice(&data);
        }
    }
    if size <= limit {
        Ok(bytes)
    } else {
        Err(ApiError::too_large())
    }
}

fn object(bytes: &[u8]) -> Result<Vec<(String, Value)>, ApiError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields.into_iter().collect()),
        Ok(_) | Err(_) => Err(ApiError::bad_request(
            "can't parse request: JSON object expected",
        )),
    }
}

type Parts = (Vec<(String, Value)>, BTreeMap<String, Upload>);

async fn multipart(mut request: Request) -> Result<Parts, ApiError> {
    let broken = || ApiError::bad_request("can't parse multipart request");
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| broken())?;
    let (mut values, mut files) = (Vec::new(), BTreeMap::new());
    let mut parameters = 0;
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let mime_type = field
            .content_type()
            .unwrap_or("application/octet-stream")
            .to_owned();
        let bytes = field.bytes().await.map_err(|_| broken())?;
        if let Some(file_name) = file_name {
            if bytes.len() > FILE_MAX {
                return Err(ApiError::too_large());
            }
            files.insert(
                name,
                Upload {
                    file_name,
                    mime_type,
                    bytes: bytes.to_vec(),
                },
            );
        } else {
            parameters += bytes.len();
            values.push((
                name,
                Value::String(String::from_utf8_lossy(&bytes).into_owned()),
            ));
        }
    }
    if parameters > PARAMETERS_MAX {
        Err(ApiError::too_large())
    } else {
        Ok((values, files))
    }
}

fn pairs(encoded: &str) -> Vec<(String, Value)> {
    let parts = encoded.split('&').filter(|part| !part.is_empty());
    let decoded = parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (
            decode(&name.replace('+', " ")),
            Value::String(decode(&value.replace('+', " "))),
        )
    });
    decoded.collect()
}

/// Percent-decoding; what is no escape stays as it is.
pub(crate) fn decode(encoded: &str) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        if let (b'%', Some(byte)) = (first, tail.get(..2).and_then(hex)) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_decoding() {
        for (encoded, decoded) in [
            ("a%3Ab", "a:b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("%C3%BC", "ü"),
            ("", ""),
        ] {
            assert_eq!(decode(encoded), decoded);
        }
        assert_eq!(
            pairs("a=1+2&b=%26&c"),
            [
                ("a".to_owned(), Value::from("1 2")),
                ("b".to_owned(), Value::from("&")),
                ("c".to_owned(), Value::from("")),
            ]
        );
    }
}
