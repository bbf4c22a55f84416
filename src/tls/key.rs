//! Our own certificate and its private key, decrypted if need be.

use std::path::Path;

use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

use super::pem::{self, Section};
use super::{Identity, verify};
use crate::exit::{Exit, Failure, words};

/// How often a password is asked for.
const TRIES: u32 = 3;

/// Reads certificate and key, which must belong together.
pub(super) fn load(identity: &Identity) -> Result<CertifiedKey, Failure> {
    let chain = pem::certificates("--cert", &identity.certificate)?;
    let (option, path) = match &identity.key {
        Some(path) => ("--key", path.as_path()),
        None => ("--cert", identity.certificate.as_path()),
    };
    let key = private_key(option, path, identity.password.as_deref())?;
    CertifiedKey::from_der(chain, key, &verify::provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            let what = "the private key does not belong to the (first) certificate";
            pem::wrong(option, path, what).hint(format!(
                "both must show the same: `openssl x509 -noout -pubkey -in {}` and `openssl pkey -pubout -in {}`",
                identity.certificate.display(),
                path.display(),
            ))
        }
        rustls::Error::InvalidCertificate(_) => {
            pem::wrong("--cert", &identity.certificate, "the first certificate cannot be read")
        }
        _ => pem::wrong(option, path, "the private key cannot be used")
            .hint("RSA of at least 2048 bits, EC on P-256 or P-384, and Ed25519 can"),
    })
}

fn private_key(option: &str, path: &Path, password: Option<&Path>) -> Result<PrivateKeyDer<'static>, Failure> {
    let sections = pem::sections(&pem::read(option, path)?).map_err(|why| pem::wrong(option, path, &why))?;
    let Some(section) = sections.into_iter().find(|section| section.label.ends_with("PRIVATE KEY")) else {
        let failure = pem::wrong(option, path, "no private key in it");
        return Err(if option == "--cert" { failure.hint("--key FILE names the file that has it") } else { failure });
    };
    let Section { label, encrypted, der } = section;
    match label.as_str() {
        _ if encrypted => {
            Err(pem::wrong(option, path, "the key is encrypted in OpenSSL's traditional way, which is weak")
                .hint(format!("`openssl pkcs8 -topk8 -in {} -out key.pem` converts it", path.display())))
        }
        "PRIVATE KEY" => Ok(PrivateKeyDer::Pkcs8(der.into())),
        "RSA PRIVATE KEY" => Ok(PrivateKeyDer::Pkcs1(der.into())),
        "EC PRIVATE KEY" => Ok(PrivateKeyDer::Sec1(der.into())),
        "ENCRYPTED PRIVATE KEY" => decrypted(option, path, &der, password),
        _ => Err(pem::wrong(option, path, &format!("{label} is not a kind of key that TLS uses here"))
            .hint("`openssl pkcs8 -topk8 -nocrypt` converts many to PKCS#8")),
    }
}

/// Decrypts PKCS#8 with a password from a file or from whoever sits at the terminal. stdin is data and is not asked.
fn decrypted(
    option: &str,
    path: &Path,
    der: &[u8],
    password: Option<&Path>,
) -> Result<PrivateKeyDer<'static>, Failure> {
    let unknown = || {
        pem::wrong(option, path, "the key is encrypted in a way that is not supported")
            .hint(format!("`openssl pkcs8 -topk8 -v2 aes-256-cbc -in {} -out key.pem` converts it", path.display()))
    };
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| unknown())?;
    let mut tries = if password.is_some() { 1 } else { TRIES };
    loop {
        let secret = match password {
            Some(file) => first_line(&pem::read("--key-password-file", file)?),
            None => ask(path)?,
        };
        match encrypted.decrypt(secret) {
            Ok(key) => return Ok(PrivateKeyDer::Pkcs8(key.as_bytes().to_vec().into())),
            Err(pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. })) => {
                return Err(unknown());
            }
            Err(_) => tries -= 1,
        }
        if tries == 0 {
            let (option, path) = password.map_or((option, path), |file| ("--key-password-file", file));
            return Err(pem::wrong(option, path, "the password is wrong"));
        }
    }
}

fn first_line(bytes: &[u8]) -> Vec<u8> {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line).to_vec()
}

fn ask(path: &Path) -> Result<Vec<u8>, Failure> {
    match rpassword::prompt_password(format!("Password of {}: ", path.display())) {
        Ok(password) => Ok(password.into_bytes()),
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
            Err(Failure::new(Exit::Interrupted, format!("--key {}: interrupted", path.display())))
        }
        Err(error) => {
            let what =
                format!("--key {}: the key is encrypted, and nobody can be asked: {}", path.display(), words(&error));
            Err(Failure::new(Exit::Usage, what).hint("--key-password-file FILE has the password on its first line"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_whatever_its_end() {
        for file in ["secret", "secret\n", "secret\r\nmore\n"] {
            assert_eq!(first_line(file.as_bytes()), b"secret");
        }
        assert_eq!(first_line(b"\nsecond"), b"");
    }
}
