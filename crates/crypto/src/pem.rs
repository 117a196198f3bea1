//! PEM, strictly (RFC 7468): one block of one kind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The bytes of the one block of this kind; `None` when there is anything else.
pub(crate) fn decode(kind: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let body = text
        .trim()
        .strip_prefix(&format!("-----BEGIN {kind}-----"))?
        .strip_suffix(&format!("-----END {kind}-----"))?;
    let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    STANDARD.decode(body.as_bytes()).ok().map(Zeroizing::new)
}

pub(crate) fn encode(kind: &str, bytes: &[u8]) -> String {
    let body = Zeroizing::new(STANDARD.encode(bytes));
    let mut text = format!("-----BEGIN {kind}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, others) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = others;
    }
    text + &format!("-----END {kind}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_back_as_it_was_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode("PUBLIC KEY", &bytes);
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(decode("PUBLIC KEY", &text).unwrap()[..], bytes);
        let windows = text.replace('\n', "\r\n");
        assert_eq!(decode("PUBLIC KEY", &windows).unwrap()[..], bytes);
    }

    #[test]
    fn what_is_not_one_block_of_the_kind_is_refused() {
        let text = encode("PUBLIC KEY", b"bytes");
        for wrong in [
            String::new(),
            format!("{text}{text}"),
            format!("note\n{text}"),
            text.replace("PUBLIC", "PRIVATE"),
            text.replace('=', "!"),
        ] {
            assert!(decode("PUBLIC KEY", &wrong).is_none(), "{wrong}");
        }
    }
}
