//! Authorities, and the certificates that they sign, in files that only this process sees.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustix::fs::{MemfdFlags, memfd_create};

use crate::exit::{Exit, Failure};
use crate::tls::{Fingerprint, Identity, valid_from_now};

/// An authority and a server that it vouches for.
pub(super) struct Papers {
    authority: File,
    server: File,
    /// Of the server's certificate.
    pub(super) fingerprint: Fingerprint,
}

impl Papers {
    /// For a server of this name.
    pub(super) fn new(authority: &str, server: &str) -> Result<Self, Failure> {
        Self::make(authority, server)
            .map_err(|error| Failure::new(Exit::Io, format!("lesson: a certificate cannot be made: {error}")))
    }

    fn make(authority: &str, server: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, authority);
        valid_from_now(&mut params);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let mut params = CertificateParams::new(vec![server.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, server);
        valid_from_now(&mut params);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(Self {
            authority: kept(&issuer.pem())?,
            server: kept(&(certificate.pem() + &key.serialize_pem()))?,
            fingerprint: Fingerprint::of(certificate.der()),
        })
    }

    /// For whoever trusts the authority.
    pub(super) fn authority(&self) -> PathBuf {
        path(&self.authority)
    }

    /// For the server.
    pub(super) fn identity(&self) -> Identity {
        Identity { certificate: path(&self.server), key: None, password: None }
    }
}

/// A file in memory: a private key touches no disk.
fn kept(text: &str) -> std::io::Result<File> {
    let mut file = File::from(memfd_create("lesson", MemfdFlags::CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    Ok(file)
}

fn path(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}
