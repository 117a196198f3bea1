//! Every cryptographic algorithm in the product: what an auditor asks for first (OWASP ASVS 5.0, 11.1.2).

/// One algorithm and its use.
pub struct InventoryEntry {
    /// With its sizes.
    pub algorithm: &'static str,
    /// Where it is specified.
    pub standard: &'static str,
    /// What the product does with it; says so where nothing uses it yet.
    pub used_for: &'static str,
    pub library: &'static str,
    /// What the library calls it; nothing for what another crate does.
    pub calls: &'static [&'static str],
}

const LIBRARY: &str = "aws-lc-rs";

/// All of them, by purpose.
pub const INVENTORY: &[InventoryEntry] = &[
    InventoryEntry {
        algorithm: "AES-256-GCM-SIV, 96-bit random nonce, 128-bit tag",
        standard: "RFC 8452",
        used_for: "seals updates in the database and wraps keys",
        library: LIBRARY,
        calls: &["AES_256_GCM_SIV"],
    },
    InventoryEntry {
        algorithm: "AES-256-GCM, 96-bit random nonce, 128-bit tag",
        standard: "NIST SP 800-38D",
        used_for: "a purpose may choose it for sealing; none does yet",
        library: LIBRARY,
        calls: &["AES_256_GCM"],
    },
    InventoryEntry {
        algorithm: "HMAC-SHA256, 256-bit key",
        standard: "RFC 2104",
        used_for: "makes the tags in masks",
        library: LIBRARY,
        calls: &["HMAC_SHA256"],
    },
    InventoryEntry {
        algorithm: "HKDF-SHA256",
        standard: "RFC 5869",
        used_for: "derives one key for each use, and the ids of keys",
        library: LIBRARY,
        calls: &["HKDF_SHA256"],
    },
    InventoryEntry {
        algorithm: "PBKDF2-HMAC-SHA256, at least 600,000 rounds",
        standard: "RFC 8018",
        used_for: "keys from passphrases; nothing asks for one yet",
        library: LIBRARY,
        calls: &["PBKDF2_HMAC_SHA256"],
    },
    InventoryEntry {
        algorithm: "SHA-256",
        standard: "FIPS 180-4",
        used_for: "binds decisions to requests, stands for buttons in the database, names files",
        library: LIBRARY,
        calls: &["SHA256"],
    },
    InventoryEntry {
        algorithm: "RSA-4096 OAEP with SHA-256",
        standard: "RFC 8017",
        used_for: "wraps keys for a recipient; nothing does yet",
        library: LIBRARY,
        calls: &["OAEP_SHA256_MGF1SHA256"],
    },
    InventoryEntry {
        algorithm: "RSA-4096 PSS with SHA-256",
        standard: "RFC 8017",
        used_for: "signatures; nothing makes one yet",
        library: LIBRARY,
        calls: &["RSA_PSS_SHA256", "RSA_PSS_2048_8192_SHA256"],
    },
    InventoryEntry {
        algorithm: "Ed25519",
        standard: "RFC 8032",
        used_for: "signatures; nothing makes one yet",
        library: LIBRARY,
        calls: &["ED25519"],
    },
    InventoryEntry {
        algorithm: "random bytes of the operating system",
        standard: "getrandom(2)",
        used_for: "keys, nonces, and the 128 bits of a button",
        library: LIBRARY,
        calls: &[],
    },
    InventoryEntry {
        algorithm: "TLS 1.3 only: AES-256-GCM, AES-128-GCM or ChaCha20-Poly1305; X25519, P-256, P-384 or X25519MLKEM768",
        standard: "RFC 8446",
        used_for: "every connection to Telegram",
        library: "rustls with aws-lc-rs",
        calls: &[],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Names of algorithms in the source, without tests: words in capitals with a size or a curve in them.
    fn called(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                called(&path, found);
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name == "tests.rs" || name == "inventory.rs" {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                let families = [
                    "AES_", "HMAC_", "HKDF_", "PBKDF2_", "SHA", "OAEP_", "RSA_", "ED25519",
                    "CHACHA", "ECDSA", "MD5",
                ];
                let known =
                    words.filter(|word| families.iter().any(|family| word.starts_with(family)));
                found.extend(known.map(str::to_owned));
            }
        }
    }

    #[test]
    fn security_the_inventory_is_what_the_code_calls() {
        let mut found = BTreeSet::new();
        called(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut found,
        );
        let listed = INVENTORY.iter().flat_map(|entry| entry.calls);
        let listed: BTreeSet<String> = listed.map(|call| (*call).to_owned()).collect();
        assert_eq!(found, listed);
    }
}
