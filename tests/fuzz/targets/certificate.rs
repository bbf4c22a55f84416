//! Any bytes as a certificate, described; as a PEM file; as a fingerprint; and as the first bytes of a peer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::tls::certificate::Certificate;
use sockeye::tls::{Fingerprint, pem, recognise};

fuzz_target!(|bytes: &[u8]| {
    if let Some(certificate) = Certificate::read(bytes) {
        for now in [certificate.not_before, certificate.not_after] {
            let validity = certificate.validity(now);
            assert!(certificate.line(&validity).contains(&validity));
        }
        assert!(!certificate.name_words().is_empty() && !certificate.title().is_empty());
        assert_eq!(certificate.sha256.to_string().parse(), Ok(certificate.sha256));
    }
    if let Ok(sections) = pem::sections(bytes) {
        assert!(sections.iter().map(|section| section.der.len()).sum::<usize>() <= bytes.len());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<Fingerprint>();
    }
    if let Some(text) = recognise::plain_on_tls(bytes) {
        assert!(text.is_ascii() || text.ends_with("…\""), "{text}");
    }
    let _ = recognise::tls_on_plain(bytes);
});
