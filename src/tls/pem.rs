//! Files of certificates, lists of revoked ones, and keys: PEM (RFC 7468), and DER where there can be only one.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};

use crate::exit::{Exit, Failure, words};

/// The largest file that is read, in bytes: lists of revoked certificates have millions of entries.
const LARGEST: u64 = 64 << 20;

/// What stands between `-----BEGIN X-----` and `-----END X-----`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `X`.
    pub label: String,
    /// Whether it is encrypted in OpenSSL's traditional way, which says so in a header (`Proc-Type: 4,ENCRYPTED`).
    pub encrypted: bool,
    /// What the base64 text stands for.
    pub der: Vec<u8>,
}

/// The sections of a PEM file, in order; what stands between them is ignored. The error says what is wrong and where.
pub fn sections(text: &[u8]) -> Result<Vec<Section>, String> {
    let mut sections = Vec::new();
    let mut open: Option<(Section, Vec<u8>)> = None;
    for (at, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let number = at + 1;
        let line = line.trim_ascii();
        match (mark(line, "BEGIN"), mark(line, "END"), open.take()) {
            (Some(label), _, None) => {
                open = Some((Section { label, encrypted: false, der: Vec::new() }, Vec::new()));
            }
            (Some(_), _, Some((section, _))) => {
                return Err(format!("line {number}: {} has no end before the next begins", section.label));
            }
            (_, Some(end), Some((mut section, code))) => {
                if end != section.label {
                    return Err(format!("line {number}: {} ends as {end}", section.label));
                }
                if !section.encrypted {
                    section.der = STANDARD
                        .decode(code)
                        .map_err(|error| format!("line {number}: the {} before it: {error}", section.label))?;
                }
                sections.push(section);
            }
            (_, _, Some((mut section, mut code))) => {
                if line.contains(&b':') {
                    section.encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
                } else {
                    code.extend_from_slice(line);
                }
                open = Some((section, code));
            }
            (None, _, None) => {}
        }
    }
    match open {
        Some((section, _)) => Err(format!("{} has no end: the file is cut short", section.label)),
        None => Ok(sections),
    }
}

/// The label of a line that begins or ends a section.
fn mark(line: &[u8], which: &str) -> Option<String> {
    let inner = line.strip_prefix(b"-----")?.strip_suffix(b"-----")?;
    let label = inner.strip_prefix(which.as_bytes())?.strip_prefix(b" ")?;
    Some(String::from_utf8_lossy(label).into_owned())
}

/// Reads a file that an option names, whole, if it is not too large.
pub(super) fn read(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error: io::Error| Failure::new(Exit::Io, format!("{option} {}: {}", path.display(), words(&error)));
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.len() as u64 > LARGEST {
        return Err(fail(io::Error::other(format!("larger than {} MiB", LARGEST >> 20))));
    }
    Ok(bytes)
}

/// A file that an option names is not what it should be.
pub(super) fn wrong(option: &str, path: &Path, why: &str) -> Failure {
    Failure::new(Exit::Usage, format!("{option} {}: {why}", path.display()))
}

/// The certificates of a file, at least one.
pub(super) fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let found = all(option, path, &["CERTIFICATE", "X509 CERTIFICATE"])?;
    Ok(found.into_iter().map(CertificateDer::from).collect())
}

/// The lists of revoked certificates of a file, at least one.
pub(super) fn revocation_lists(
    option: &str,
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Failure> {
    let found = all(option, path, &["X509 CRL"])?;
    Ok(found.into_iter().map(CertificateRevocationListDer::from).collect())
}

fn all(option: &str, path: &Path, labels: &[&str]) -> Result<Vec<Vec<u8>>, Failure> {
    /// How every DER form of these begins: a SEQUENCE whose length takes two bytes or more.
    const DER: [u8; 1] = [0x30];
    let bytes = read(option, path)?;
    if bytes.starts_with(&DER) {
        return Ok(vec![bytes]);
    }
    let sections = sections(&bytes).map_err(|why| wrong(option, path, &why))?;
    let others: Vec<String> = sections.iter().map(|section| section.label.clone()).collect();
    let found: Vec<_> = sections
        .into_iter()
        .filter(|section| labels.contains(&section.label.as_str()))
        .map(|section| section.der)
        .collect();
    if found.is_empty() {
        let has = if others.is_empty() { "no PEM section at all".to_owned() } else { others.join(", ") };
        return Err(wrong(option, path, &format!("no {} in it", labels[0])).hint(format!("the file has {has}")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pem(label: &str, code: &str) -> String {
        format!("-----BEGIN {label}-----\n{code}\n-----END {label}-----\n")
    }

    #[test]
    fn sections_are_found_among_other_text() {
        let text = format!("subject=CN\r\n{}\nand\n{}", pem("A", "aGVs\nbG8="), pem("B C", "").replace('\n', "\r\n"));
        let sections = sections(text.as_bytes()).expect("sections");
        let found: Vec<_> = sections.iter().map(|section| (section.label.as_str(), section.der.as_slice())).collect();
        assert_eq!(found, [("A", &b"hello"[..]), ("B C", &b""[..])]);
    }

    #[test]
    fn the_traditional_encrypted_form_is_known_by_its_header() {
        let text = pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF\n\naGVsbG8=");
        assert!(sections(text.as_bytes()).expect("sections")[0].encrypted);
    }

    #[test]
    fn what_is_broken_is_named_with_its_line() {
        for (text, why) in [
            ("-----BEGIN A-----\naGVsbG8=\n", "A has no end: the file is cut short"),
            ("-----BEGIN A-----\n-----BEGIN B-----\n", "line 2: A has no end before the next begins"),
            ("-----BEGIN A-----\n-----END B-----\n", "line 2: A ends as B"),
            ("\n-----BEGIN A-----\n!\n-----END A-----\n", "line 4: the A before it: Invalid symbol 33, offset 0."),
        ] {
            assert_eq!(sections(text.as_bytes()).expect_err(text), why);
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(parts in prop::collection::vec(("[A-Z][A-Z ]{0,8}[A-Z]", any::<Vec<u8>>()), 0..4)) {
            let text: String = parts.iter().map(|(label, der)| pem(label, &STANDARD.encode(der))).collect();
            let found: Vec<_> =
                sections(text.as_bytes()).expect(&text).into_iter().map(|section| (section.label, section.der)).collect();
            prop_assert_eq!(found, parts);
        }
    }
}
