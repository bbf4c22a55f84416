//! A certificate in plain words: whose it is, who signed it, and until when.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::Fingerprint;

/// So many names are shown; the rest are counted.
const NAMES: usize = 4;

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Whose it is: `CN=example.org`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// What it is valid for: host names, addresses, and whatever else its subject alternative names are.
    pub names: Vec<String>,
    /// It is not valid before this.
    pub not_before: Timestamp,
    /// It is not valid after this.
    pub not_after: Timestamp,
    /// The kind of its key: `EC P-256`.
    pub key: String,
    /// The SHA-256 of the whole certificate.
    pub sha256: Fingerprint,
}

impl Certificate {
    /// Reads one; `None` if it is none.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        let time = |seconds: i64| Timestamp::from_second(seconds).ok();
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: names(&certificate),
            not_before: time(validity.not_before.timestamp())?,
            not_after: time(validity.not_after.timestamp())?,
            key: key(certificate.public_key()),
            sha256: Fingerprint::of(der),
        })
    }

    /// Reads a chain, the peer's own first; what cannot be read is left out.
    pub fn read_all<D: AsRef<[u8]>>(chain: &[D]) -> Vec<Self> {
        chain.iter().filter_map(|der| Self::read(der.as_ref())).collect()
    }

    /// Whether it was signed by nobody else, as far as the names tell.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }

    /// "expired 3 days ago", "valid for 89 more days", "not valid for another 2 hours".
    #[must_use]
    pub fn validity(&self, now: Timestamp) -> String {
        let now = now.as_second();
        let (begin, end) = (self.not_before.as_second(), self.not_after.as_second());
        if now < begin {
            format!("not valid for another {}", span(now.abs_diff(begin)))
        } else if now > end {
            format!("expired {} ago", span(now.abs_diff(end)))
        } else {
            // "89 more days"
            let span = span(now.abs_diff(end));
            format!("valid for {}", span.replacen(' ', " more ", 1))
        }
    }

    /// "the name is example.org", "the names are a.example and b.example", "it has no name".
    #[must_use]
    pub fn name_words(&self) -> String {
        match self.names.as_slice() {
            [] => format!("it has no names for TLS to compare, only {}", quoted(&self.subject)),
            [one] => format!("the name is {one}"),
            names => format!("the names are {}", list(names)),
        }
    }

    /// "signed by itself", "signed by R3".
    #[must_use]
    pub fn signer_words(&self) -> String {
        if self.is_self_signed() {
            "signed by itself".to_owned()
        } else {
            format!("signed by {}", common(&self.issuer))
        }
    }

    /// What it is called: its first name, or whose it is.
    #[must_use]
    pub fn title(&self) -> String {
        self.names.first().cloned().unwrap_or_else(|| common(&self.subject))
    }

    /// All of it in a line, with the words for its validity.
    #[must_use]
    pub fn line(&self, validity: &str) -> String {
        let names = match self.names.as_slice() {
            [] => common(&self.subject),
            names => list(names),
        };
        format!("{names}; {}; {}; {}; sha256 {}", self.signer_words(), validity, self.key, self.sha256)
    }
}

/// "a, b and 3 more"
fn list(names: &[String]) -> String {
    let (shown, more) = names.split_at(names.len().min(NAMES));
    match (shown, more.len()) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A span of time in its largest unit that has two or more of it, or one second.
fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(365 * 86_400, "years"), (86_400, "days"), (3600, "hours"), (60, "minutes")];
    match UNITS.iter().find(|(unit, _)| seconds >= 2 * unit) {
        Some((unit, name)) => format!("{} {name}", seconds / unit),
        None if seconds == 1 => "1 second".to_owned(),
        None => format!("{seconds} seconds"),
    }
}

/// The common name in a distinguished name, or all of it: `C=US, O=Let's Encrypt, CN=R3` is R3.
fn common(name: &str) -> String {
    let parts = name.split(", ");
    let common = parts.clone().find_map(|part| part.strip_prefix("CN=")).filter(|common| !common.is_empty());
    match (common, name) {
        (Some(common), _) => common.to_owned(),
        (None, "") => "nobody (the name is empty)".to_owned(),
        (None, name) => name.to_owned(),
    }
}

fn quoted(name: &str) -> String {
    if name.is_empty() { "an empty subject".to_owned() } else { format!("the subject \"{name}\"") }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    names.value.general_names.iter().map(name).collect()
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => address(bytes),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DirectoryName(name) => format!("directory:{name}"),
        GeneralName::RegisteredID(id) => format!("id:{id}"),
        GeneralName::OtherName(id, _) => format!("other:{id}"),
        GeneralName::X400Address(_) | GeneralName::EDIPartyName(_) | GeneralName::Invalid(..) => {
            "(unreadable)".to_owned()
        }
    }
}

fn address(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        Ipv4Addr::from(v4).to_string()
    } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        Ipv6Addr::from(v6).to_string()
    } else {
        "(unreadable)".to_owned()
    }
}

/// An issuer as a TLS message gives it, in words.
pub(super) fn issuer(der: &[u8]) -> Option<String> {
    X509Name::from_der(der).ok().map(|(_, name)| common(&name.to_string()))
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> String {
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => return format!("RSA {} bits", key.key_size()),
        Ok(PublicKey::EC(_)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            return match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "EC P-256".to_owned(),
                Some("1.3.132.0.34") => "EC P-384".to_owned(),
                Some("1.3.132.0.35") => "EC P-521".to_owned(),
                Some(other) => format!("EC on curve {other}"),
                None => "EC".to_owned(),
            };
        }
        _ => {}
    }
    match info.algorithm.algorithm.to_id_string().as_str() {
        "1.3.101.112" => "Ed25519".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        "1.2.840.10040.4.1" => "DSA".to_owned(),
        other => format!("key of kind {other}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    const NOW: i64 = 1_750_000_000;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).expect("a time")
    }

    fn certificate() -> Certificate {
        Certificate {
            subject: "CN=example.org".into(),
            issuer: "C=US, O=An Authority, CN=R3".into(),
            names: vec!["example.org".into()],
            not_before: Timestamp::from_second(NOW - 86_400).expect("a time"),
            not_after: Timestamp::from_second(NOW + 89 * 86_400 + 5).expect("a time"),
            key: "EC P-256".into(),
            sha256: Fingerprint::of(b""),
        }
    }

    fn made(params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
        params.self_signed(key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn what_rcgen_made_is_described() {
        let mut params =
            CertificateParams::new(vec!["example.org".into(), "127.0.0.1".into(), "::1".into()]).expect("names");
        params.subject_alt_names.push(SanType::URI("spiffe://a".try_into().expect("a URI")));
        params.distinguished_name.push(DnType::OrganizationName, "Somebody");
        params.distinguished_name.push(DnType::CommonName, "a, b");
        params.not_before = rcgen::date_time_ymd(2020, 1, 2);
        params.not_after = rcgen::date_time_ymd(2021, 1, 2);
        let der = made(&params, &KeyPair::generate().expect("a key"));
        let certificate = Certificate::read(&der).expect("a certificate");
        assert_eq!(certificate.names, ["example.org", "127.0.0.1", "::1", "URI:spiffe://a"]);
        assert_eq!(certificate.key, "EC P-256");
        assert_eq!(certificate.not_before.to_string(), "2020-01-02T00:00:00Z");
        assert_eq!(certificate.not_after.to_string(), "2021-01-02T00:00:00Z");
        assert!(certificate.is_self_signed());
        assert_eq!(certificate.sha256, Fingerprint::of(&der));
        assert!(certificate.subject.contains("O=Somebody"), "{}", certificate.subject);
    }

    #[test]
    fn every_kind_of_key_has_a_name() {
        for (algorithm, name) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, "EC P-256"),
            (&rcgen::PKCS_ECDSA_P384_SHA384, "EC P-384"),
            (&rcgen::PKCS_ED25519, "Ed25519"),
        ] {
            let key = KeyPair::generate_for(algorithm).expect("a key");
            let der = made(&CertificateParams::default(), &key);
            assert_eq!(Certificate::read(&der).expect("a certificate").key, name);
        }
    }

    #[test]
    fn validity_in_words() {
        const DAY: i64 = 86_400;
        for (begin, end, words) in [
            (-DAY, 89 * DAY + 5, "valid for 89 more days"),
            (-DAY, 1, "valid for 1 more second"),
            (-DAY, 0, "valid for 0 more seconds"),
            (-2 * DAY, -1, "expired 1 second ago"),
            (-9 * DAY, -3 * DAY, "expired 3 days ago"),
            (-9 * DAY, -2 * DAY + 1, "expired 47 hours ago"),
            (-9 * DAY, -90, "expired 90 seconds ago"),
            (-900 * DAY, -730 * DAY, "expired 2 years ago"),
            (7200, 9 * DAY, "not valid for another 2 hours"),
            (1, 9 * DAY, "not valid for another 1 second"),
        ] {
            let time = |offset| Timestamp::from_second(NOW + offset).expect("a time");
            let certificate = Certificate { not_before: time(begin), not_after: time(end), ..certificate() };
            assert_eq!(certificate.validity(now()), words);
        }
    }

    #[test]
    fn names_in_words() {
        let named =
            |names: &[&str]| Certificate { names: names.iter().map(ToString::to_string).collect(), ..certificate() };
        assert_eq!(named(&[]).name_words(), "it has no names for TLS to compare, only the subject \"CN=example.org\"");
        assert_eq!(named(&["a"]).name_words(), "the name is a");
        assert_eq!(named(&["a", "b"]).name_words(), "the names are a and b");
        assert_eq!(named(&["a", "b", "c", "d"]).name_words(), "the names are a, b, c and d");
        assert_eq!(named(&["a", "b", "c", "d", "e", "f"]).name_words(), "the names are a, b, c, d and 2 more");
    }

    #[test]
    fn the_signer_in_words() {
        assert_eq!(certificate().signer_words(), "signed by R3");
        let issuer = |issuer: &str| Certificate { issuer: issuer.into(), ..certificate() };
        assert_eq!(issuer("CN=example.org").signer_words(), "signed by itself");
        assert_eq!(issuer("O=An Authority").signer_words(), "signed by O=An Authority");
        assert_eq!(issuer("").signer_words(), "signed by nobody (the name is empty)");
        assert_eq!(
            certificate().line(&certificate().validity(now())),
            format!("example.org; signed by R3; valid for 89 more days; EC P-256; sha256 {}", Fingerprint::of(b""))
        );
    }

    /// One real certificate, to break.
    fn der() -> Vec<u8> {
        let params = CertificateParams::new(vec!["example.org".into(), "127.0.0.1".into()]).expect("names");
        made(&params, &KeyPair::generate().expect("a key"))
    }

    proptest! {
        #[test]
        fn words_are_said_for_any_times(begin in any::<i32>(), end in any::<i32>(), at in any::<i32>()) {
            let time = |seconds: i32| Timestamp::from_second(seconds.into()).expect("a time");
            let certificate = Certificate { not_before: time(begin), not_after: time(end), ..certificate() };
            let words = certificate.validity(time(at));
            prop_assert_eq!(words.starts_with("not valid for another "), at < begin, "{}", &words);
            prop_assert_eq!(words.starts_with("expired "), at >= begin && at > end, "{}", &words);
            prop_assert_eq!(words.starts_with("valid for "), at >= begin && at <= end, "{}", &words);
            prop_assert!(!words.contains(" 1 seconds") && !words.contains("1 more seconds"), "{}", &words);
        }

        #[test]
        fn broken_certificates_are_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut der = der();
            let index = at.index(der.len());
            der[index] = byte;
            if let Some(certificate) = Certificate::read(&der) {
                let _ = certificate.line(&certificate.validity(now()));
            }
            prop_assert!(Certificate::read(&der[..cut.index(der.len())]).is_none(), "a cut one is none");
        }
    }
}
