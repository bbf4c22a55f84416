//! An authority for the tests: makes certificates, good and bad, as files.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use sockeye::tls::Fingerprint;
use tempfile::TempDir;

/// Every certificate has another.
static SERIAL: AtomicU64 = AtomicU64::new(1);

pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    name: String,
    folder: Arc<TempDir>,
}

/// A certificate and its key.
pub(crate) struct Issued {
    pub cert: String,
    pub key: String,
    pub pem: String,
    pub sha256: String,
    serial: u64,
    /// The files are in it.
    _folder: Arc<TempDir>,
}

/// Makes a certificate valid from and until so many days from now, for `params.not_before` and `not_after`.
pub(crate) fn valid(params: &mut CertificateParams, from: i64, until: i64) {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs()).expect("a time");
    // A minute more, so that what ends in 60 days is not said to end in 59.
    let day = |days: i64| {
        let second = now + days * 86_400 + if days > 0 { 60 } else { 0 };
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(second).expect("a time"))
    };
    (params.not_before, params.not_after) = (day(from), day(until));
}

fn params(names: &[&str], title: &str) -> (CertificateParams, u64) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name.push(DnType::CommonName, title);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    params.serial_number = Some(SerialNumber::from(serial));
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, -30, 60);
    (params, serial)
}

fn authority(name: &str) -> CertificateParams {
    let (mut params, _) = params(&[], name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    /// A root.
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(authority(name), key).expect("a certificate");
        Self { issuer, name: name.to_owned(), folder: Arc::new(tempfile::tempdir().expect("a folder")) }
    }

    /// One that this one vouches for.
    pub(crate) fn under(&self, name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::signed_by(authority(name), key, &self.issuer).expect("a certificate");
        Self { issuer, name: name.to_owned(), folder: self.folder.clone() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the certificates.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Its own certificate as a file: what `--ca` takes.
    pub(crate) fn file(&self) -> String {
        self.write(&format!("{}.pem", self.name), &self.pem())
    }

    /// A certificate for a server on this machine.
    pub(crate) fn server(&self) -> Issued {
        self.issue("server", &["localhost", "127.0.0.1", "::1"], |_| ())
    }

    /// A certificate for these names.
    pub(crate) fn issue(&self, title: &str, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let (mut params, serial) = params(names, title);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        self.issued(&certificate, &key, serial)
    }

    /// A certificate that vouches for itself.
    pub(crate) fn self_signed(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let (mut params, serial) = params(names, "itself");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        self.issued(&certificate, &key, serial)
    }

    fn issued(&self, certificate: &rcgen::Certificate, key: &KeyPair, serial: u64) -> Issued {
        let pem = certificate.pem();
        Issued {
            cert: self.write(&format!("{serial}.cert.pem"), &pem),
            key: self.write(&format!("{serial}.key.pem"), &key.serialize_pem()),
            pem,
            sha256: Fingerprint::of(certificate.der()).to_string(),
            serial,
            _folder: self.folder.clone(),
        }
    }

    /// A list of revoked certificates, valid until so many days from now.
    pub(crate) fn revoking(&self, revoked: &[&Issued], until: i64) -> String {
        let mut times = CertificateParams::default();
        valid(&mut times, -20, until);
        let list = CertificateRevocationListParams {
            this_update: times.not_before,
            next_update: times.not_after,
            crl_number: SerialNumber::from(SERIAL.fetch_add(1, Ordering::Relaxed)),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|issued| RevokedCertParams {
                    serial_number: SerialNumber::from(issued.serial),
                    revocation_time: times.not_before,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let pem = list.signed_by(&self.issuer).expect("a list").pem().expect("PEM");
        self.write(&format!("{}.{until}.{}.crl", self.name, revoked.len()), &pem)
    }
}
