//! TLS towards clients: who we are, whom we let in, what we speak.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ResolvesServerCert, ServerSessionMemoryCache, StoresServerSessions, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{KeyLog, NoKeyLog, ServerConfig};

use super::client::{certificates, revocation_lists, store};
use super::key_log::KeyLogFile;
use super::verify::{ClientVerifier, Presented, provider};
use super::{Fingerprint, Identity, key};
use crate::exit::{Exit, Failure};

/// How long a certificate that we make for ourselves is valid, in days. It is made anew at each start.
const DAYS: i64 = 90;
/// Sessions that can be resumed are kept for so many clients.
const SESSIONS: usize = 4096;

/// What was asked for. Files are read when the command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Who we are; without, a certificate is made that signs itself.
    pub identity: Option<Identity>,
    /// The address that is listened on, if there is one: a certificate that we make is for it too.
    pub address: Option<IpAddr>,
    /// `--ca`: clients must show a certificate that one of these files' vouches for. With none, they are not asked.
    pub clients: Vec<PathBuf>,
    /// `--crl`: lists of certificates that are not let in, although somebody vouches for them.
    pub revoked: Vec<PathBuf>,
    /// `--alpn`: the protocols we speak, the best first.
    pub alpn: Vec<String>,
    /// `--handshake-timeout`
    pub limit: Duration,
    /// `SSLKEYLOGFILE`
    pub key_log: Option<PathBuf>,
}

/// TLS towards clients. Copies share what was read, and the sessions.
#[derive(Clone, Debug)]
pub struct Server {
    options: Arc<ServerOptions>,
    ready: Arc<OnceLock<Ready>>,
}

/// What was read.
pub(crate) struct Ready {
    key: Arc<dyn ResolvesServerCert>,
    clients: Option<Arc<dyn rustls::server::danger::ClientCertVerifier>>,
    sessions: Arc<dyn StoresServerSessions>,
    key_log: Arc<dyn KeyLog>,
    alpn: Vec<Vec<u8>>,
    made: Option<Fingerprint>,
    /// Used by everybody if clients are not asked who they are.
    common: OnceLock<Arc<ServerConfig>>,
}

impl Server {
    /// As these options say.
    #[must_use]
    pub fn new(options: ServerOptions) -> Self {
        Self { options: Arc::new(options), ready: Arc::default() }
    }

    /// What was asked for.
    #[must_use]
    pub fn options(&self) -> &ServerOptions {
        &self.options
    }

    /// Reads the files, asks for a password and makes a certificate, unless that is done.
    pub fn prepare(&self) -> Result<(), Failure> {
        self.ready().map(drop)
    }

    /// The certificate that we made for ourselves, if we did.
    pub fn made(&self) -> Result<Option<Fingerprint>, Failure> {
        Ok(self.ready()?.made)
    }

    pub(crate) fn ready(&self) -> Result<&Ready, Failure> {
        if let Some(ready) = self.ready.get() {
            return Ok(ready);
        }
        let ready = Ready::read(&self.options)?;
        Ok(self.ready.get_or_init(|| ready))
    }
}

impl Ready {
    fn read(options: &ServerOptions) -> Result<Self, Failure> {
        let (key, made) = if let Some(identity) = &options.identity {
            (key::load(identity)?, None)
        } else {
            let (key, certificate) = make(options.address)
                .map_err(|error| Failure::new(Exit::Protocol, format!("make a certificate: {error}")))?;
            (key, Some(certificate))
        };
        let clients = if options.clients.is_empty() {
            None
        } else {
            let roots = store(&certificates(&options.clients)?)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
                .with_crls(revocation_lists(&options.revoked)?)
                .enforce_revocation_expiration()
                .build()
                .map_err(|error| Failure::new(Exit::Usage, format!("--ca, --crl: {error}")))?;
            Some(verifier)
        };
        Ok(Self {
            key: Arc::new(SingleCertAndKey::from(key)),
            clients,
            sessions: ServerSessionMemoryCache::new(SESSIONS),
            key_log: match &options.key_log {
                Some(path) => Arc::new(KeyLogFile::open(path)?),
                None => Arc::new(NoKeyLog),
            },
            alpn: options.alpn.iter().map(|protocol| protocol.clone().into_bytes()).collect(),
            made,
            common: OnceLock::new(),
        })
    }

    /// For one client: how to speak with it, and where the certificates are that it presents.
    pub(crate) fn config(&self) -> Result<(Arc<ServerConfig>, Presented), rustls::Error> {
        let presented = Presented::default();
        if self.clients.is_none()
            && let Some(config) = self.common.get()
        {
            return Ok((config.clone(), presented));
        }
        let builder =
            ServerConfig::builder_with_provider(Arc::new(provider())).with_safe_default_protocol_versions()?;
        let builder = match &self.clients {
            Some(inner) => builder.with_client_cert_verifier(Arc::new(ClientVerifier {
                inner: inner.clone(),
                presented: presented.clone(),
            })),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(self.key.clone());
        config.alpn_protocols.clone_from(&self.alpn);
        config.session_storage = self.sessions.clone();
        config.key_log = self.key_log.clone();
        let config = Arc::new(config);
        if self.clients.is_none() {
            return Ok((self.common.get_or_init(|| config).clone(), presented));
        }
        Ok((config, presented))
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").field("made", &self.made).finish_non_exhaustive()
    }
}

/// For as long as certificates that we make are valid.
pub(crate) fn valid_from_now(params: &mut CertificateParams) {
    // Clocks differ: it is valid since yesterday.
    let date = |days: i64| {
        let date = Timestamp::now().to_zoned(TimeZone::UTC).date().saturating_add(jiff::Span::new().days(days));
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = date(-1);
    params.not_after = date(DAYS);
}

/// Makes a key, and a certificate for this machine that signs itself.
fn make(address: Option<IpAddr>) -> Result<(CertifiedKey, Fingerprint), Box<dyn std::error::Error>> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(address.filter(|address| !address.is_unspecified()).map(|address| address.to_string()));
    names.dedup();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, "sockeye");
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    valid_from_now(&mut params);
    let key = KeyPair::generate()?;
    let der: CertificateDer<'static> = params.self_signed(&key)?.into();
    let sha256 = Fingerprint::of(&der);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((CertifiedKey::from_der(vec![der], key, &provider())?, sha256))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::certificate::Certificate;

    #[test]
    fn a_certificate_of_our_own_is_for_this_machine_and_the_address_listened_on() {
        for (address, last) in [(None, "::1"), (Some("192.0.2.1"), "192.0.2.1"), (Some("0.0.0.0"), "::1")] {
            let address = address.map(|address: &str| address.parse().expect("an address"));
            let (key, sha256) = make(address).expect("a certificate");
            let certificate = Certificate::read(&key.cert[0]).expect("a certificate");
            assert_eq!(certificate.sha256, sha256);
            assert_eq!(certificate.names[..3], ["localhost", "127.0.0.1", "::1"]);
            assert_eq!(certificate.names.last().map(String::as_str), Some(last));
            assert_eq!(certificate.subject, "CN=sockeye");
            assert!(certificate.is_self_signed());
            let words = certificate.validity(Timestamp::now());
            assert!(words == "valid for 90 more days" || words == "valid for 89 more days", "{words}");
        }
    }
}
