//! TLS towards a server: whom we believe, who we are, what we offer.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use url::Host;

use super::certificate::Certificate;
use super::key_log::KeyLogFile;
use super::verify::{Belief, Presented, Verifier, provider};
use super::{Fingerprint, Identity, certificate, key, pem};
use crate::exit::{Exit, Failure};

/// Which servers are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those whom the system's roots vouch for.
    System,
    /// `--ca`: those whom one of these files' certificates vouches for, or is.
    Only(Vec<PathBuf>),
    /// `--pin`: those who have one of these certificates, whatever it says.
    Pinned(Vec<Fingerprint>),
    /// `--insecure`: all.
    Anyone,
}

impl Trust {
    /// How a server that was believed was checked.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::System => "verified by the system's roots",
            Self::Only(_) => "verified by --ca",
            Self::Pinned(_) => "verified by --pin",
            Self::Anyone => "not verified (--insecure)",
        }
    }
}

/// What was asked for. Files are read when the command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// `--sni`: the server's name; without, the host that is connected to.
    pub name: Option<String>,
    /// Which servers are believed.
    pub trust: Trust,
    /// `--crl`: lists of certificates that are not, although somebody vouches for them.
    pub revoked: Vec<PathBuf>,
    /// Who we are, if a server asks.
    pub identity: Option<Identity>,
    /// `--alpn`: the protocols we offer, the best first.
    pub alpn: Vec<String>,
    /// `--handshake-timeout`
    pub limit: Duration,
    /// `SSLKEYLOGFILE`
    pub key_log: Option<PathBuf>,
}

/// TLS towards servers. Copies share what was read, and the sessions: a second connection resumes the first one's.
#[derive(Clone, Debug)]
pub struct Client {
    options: Arc<ClientOptions>,
    ready: Arc<OnceLock<Ready>>,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Ready {
    /// For rustls.
    pub(crate) config: Arc<ClientConfig>,
    /// What the server of the last handshake presented.
    pub(crate) presented: Presented,
    /// Whether it asked who we are.
    pub(crate) asked: Asked,
    /// What our certificate is called.
    pub(crate) shown: Option<String>,
}

impl Client {
    /// As these options say.
    #[must_use]
    pub fn new(options: ClientOptions) -> Self {
        Self { options: Arc::new(options), ready: Arc::default() }
    }

    /// What was asked for.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Reads the files and asks for a password, unless that is done.
    pub fn prepare(&self) -> Result<(), Failure> {
        self.ready().map(drop)
    }

    pub(crate) fn ready(&self) -> Result<&Ready, Failure> {
        if let Some(ready) = self.ready.get() {
            return Ok(ready);
        }
        let ready = Ready::read(&self.options)?;
        Ok(self.ready.get_or_init(|| ready))
    }

    /// The name that the server must have, and the one it is told, if any: an address is not told.
    pub(crate) fn name(&self, host: Option<&str>) -> Result<(ServerName<'static>, Option<String>), Failure> {
        let Some(name) = self.options.name.as_deref().or(host) else {
            // Nothing compares it, and an address is not told.
            return Ok((ServerName::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST).into()), None));
        };
        let wrong = || {
            Failure::usage(format!("`{name}` is not a name that TLS can tell a server"), "--sni NAME tells another one")
        };
        // An interface (fe80::1%eth0) is no part of the address.
        if let Ok(address) = name.split('%').next().unwrap_or(name).parse::<IpAddr>() {
            return Ok((ServerName::IpAddress(address.into()), None));
        }
        let ascii = match Host::parse(name) {
            Ok(Host::Domain(domain)) => domain,
            _ => name.to_owned(),
        };
        let server = ServerName::try_from(ascii.clone()).map_err(|_| wrong())?;
        Ok((server, Some(ascii.trim_end_matches('.').to_owned())))
    }
}

impl Ready {
    fn read(options: &ClientOptions) -> Result<Self, Failure> {
        let verifier = Verifier::new(belief(options)?);
        let presented = verifier.presented.clone();
        let key = options.identity.as_ref().map(key::load).transpose()?.map(Arc::new);
        let shown = key.as_ref().and_then(|key| Certificate::read(key.cert.first()?)).map(|own| own.title());
        let asked = Asked::default();
        let credentials = Credentials { key, asked: asked.clone() };
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(Exit::Protocol, format!("TLS: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(credentials));
        config.alpn_protocols = options.alpn.iter().map(|protocol| protocol.clone().into_bytes()).collect();
        if let Some(path) = &options.key_log {
            config.key_log = Arc::new(KeyLogFile::open(path)?);
        }
        Ok(Self { config: Arc::new(config), presented, asked, shown })
    }
}

fn belief(options: &ClientOptions) -> Result<Belief, Failure> {
    let roots = match &options.trust {
        Trust::Anyone => return Ok(Belief::Anyone),
        Trust::Pinned(pins) => return Ok(Belief::Pinned(pins.clone())),
        Trust::Only(files) => certificates(files)?,
        Trust::System => {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
                let what = format!("TLS: this machine has no trusted roots{why}");
                return Err(Failure::new(Exit::Protocol, what).hint(
                    "Debian's package ca-certificates has them; --ca FILE trusts others, --pin SHA256 one server",
                ));
            }
            found.certs
        }
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store(&roots)?), Arc::new(provider()))
        .with_crls(revocation_lists(&options.revoked)?)
        .enforce_revocation_expiration()
        .build()
        .map_err(|error| Failure::new(Exit::Usage, format!("--crl: {error}")))?;
    Ok(Belief::Chain(verifier, roots))
}

/// The certificates of several `--ca`.
pub(super) fn certificates(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, Failure> {
    Ok(files.iter().map(|file| pem::certificates("--ca", file)).collect::<Result<Vec<_>, _>>()?.concat())
}

/// The lists of several `--crl`.
pub(super) fn revocation_lists(
    files: &[PathBuf],
) -> Result<Vec<rustls::pki_types::CertificateRevocationListDer<'static>>, Failure> {
    Ok(files.iter().map(|file| pem::revocation_lists("--crl", file)).collect::<Result<Vec<_>, _>>()?.concat())
}

/// Those of these certificates that can be roots, at least one.
pub(super) fn store(certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, Failure> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates.iter().cloned());
    if store.is_empty() {
        let what = "no certificate among the trusted roots can be read";
        return Err(Failure::new(Exit::Usage, what).hint("`openssl x509 -in FILE -noout -text` shows what is wrong"));
    }
    Ok(store)
}

/// Our certificate, for whoever asks.
#[derive(Debug)]
struct Credentials {
    key: Option<Arc<CertifiedKey>>,
    asked: Asked,
}

/// That a server asked who we are: the authorities it wants our certificate to be signed by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<Mutex<Option<Vec<String>>>>);

impl Asked {
    /// Takes it.
    pub(crate) fn take(&self) -> Option<Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ResolvesClientCert for Credentials {
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let authorities = authorities.iter().filter_map(|der| certificate::issuer(der)).collect();
        *self.asked.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(authorities);
        self.key.clone().filter(|key| key.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: Option<&str>) -> Client {
        Client::new(ClientOptions {
            name: name.map(ToOwned::to_owned),
            trust: Trust::Anyone,
            revoked: Vec::new(),
            identity: None,
            alpn: Vec::new(),
            limit: Duration::from_secs(10),
            key_log: None,
        })
    }

    #[test]
    fn the_name_is_the_hosts_or_another_and_addresses_are_not_told() {
        for (sni, host, name, told) in [
            (None, Some("example.org"), "example.org", Some("example.org")),
            (None, Some("example.org."), "example.org", Some("example.org")),
            (Some("other.example"), Some("127.0.0.1"), "other.example", Some("other.example")),
            (Some("other.example"), None, "other.example", Some("other.example")),
            (None, Some("127.0.0.1"), "127.0.0.1", None),
            (None, Some("::1"), "::1", None),
            (None, Some("fe80::1%eth0"), "fe80::1", None),
            (None, Some("bücher.example"), "xn--bcher-kva.example", Some("xn--bcher-kva.example")),
            (None, Some("under_score"), "under_score", Some("under_score")),
            (None, None, "127.0.0.1", None),
        ] {
            let (server, tells) = client(sni).name(host).expect("a name");
            assert_eq!((server.to_str().as_ref(), tells.as_deref()), (name, told), "{sni:?} {host:?}");
        }
        assert_eq!(client(Some("a b")).name(None).expect_err("no name").exit, Exit::Usage);
    }
}
