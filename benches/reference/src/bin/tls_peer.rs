//! The other end of the TLS cases: rustls with blocking sockets and large buffers.
//!
//! `tls_peer sink CERT KEY` accepts one connection, decrypts and discards, and prints bytes and seconds from the first
//! byte to `close_notify`; an end without it is an error. `tls_peer source CERT KEY BYTES` accepts, encrypts 256 KiB at a
//! time, ends its direction and waits for the other's end; `tls_peer source CERT - BYTES HOST PORT` does so as a client that
//! trusts CERT for the name localhost.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use reference::{PATIENCE, argument, readable};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

const BLOCK: usize = 256 << 10;

fn main() -> io::Result<()> {
    let mode: String = argument(1, "MODE")?;
    let certificate: String = argument(2, "CERT")?;
    let key: String = argument(3, "KEY")?;
    match mode.as_str() {
        "sink" => sink(accept(&certificate, &key)?),
        "source" if key == "-" => {
            let target = (argument::<String>(5, "HOST")?, argument::<u16>(6, "PORT")?);
            source(connect(&certificate, TcpStream::connect((target.0.as_str(), target.1))?)?, argument(4, "BYTES")?)
        }
        "source" => source(accept(&certificate, &key)?, argument(4, "BYTES")?),
        _ => Err(io::Error::other("sink or source")),
    }
}

fn chain(path: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_reader_iter(BufReader::new(File::open(path)?)).collect::<Result<_, _>>().map_err(io::Error::other)
}

fn accept(certificate: &str, key: &str) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain(certificate)?, key);
    let config = Arc::new(config.map_err(io::Error::other)?);
    readable(&listener, PATIENCE)?;
    let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
    connection.set_buffer_limit(Some(BLOCK));
    Ok(StreamOwned::new(connection, listener.accept()?.0))
}

fn connect(certificate: &str, stream: TcpStream) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(chain(certificate)?);
    let config = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    connection.set_buffer_limit(Some(BLOCK));
    Ok(StreamOwned::new(connection, stream))
}

fn sink(mut stream: impl Read) -> io::Result<()> {
    let mut buffer = vec![0; BLOCK];
    let mut bytes = stream.read(&mut buffer)? as u64;
    let start = Instant::now();
    loop {
        match stream.read(&mut buffer)? {
            0 => break,
            n => bytes += n as u64,
        }
    }
    println!(r#"{{"bytes": {bytes}, "seconds": {:.6}}}"#, start.elapsed().as_secs_f64());
    Ok(())
}

fn source<C, D>(mut stream: StreamOwned<C, TcpStream>, total: u64) -> io::Result<()>
where
    C: std::ops::DerefMut<Target = rustls::ConnectionCommon<D>>,
    D: rustls::SideData,
{
    let block: Vec<u8> = (b'a'..=b'z').cycle().take(BLOCK).collect();
    let mut left = total;
    while left > 0 {
        left -= stream.write(&block[..left.min(BLOCK as u64) as usize])? as u64;
    }
    stream.conn.send_close_notify();
    stream.flush()?;
    readable(&stream.sock, PATIENCE)?;
    while stream.read(&mut [0; 64]).is_ok_and(|n| n > 0) {}
    Ok(())
}
