//! Proxies on the way.

use std::path::PathBuf;

use clap::Args;

/// Proxies on the way to an endpoint.
#[derive(Debug, Default, Args)]
pub struct Proxy {
    /// Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://`
    /// [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first
    ///
    /// As in curl, `socks5h` and `socks4a` let the proxy resolve names, `socks5` and `socks4` resolve them here; a URL
    /// without a scheme is `http://`; the port is 1080, or 443 for `https`, unless it is given; characters such as @ in
    /// a password are written %40. Without this option a connection goes where `ALL_PROXY` says, or `HTTPS_PROXY` if it
    /// speaks TLS, unless `NO_PROXY` has the target; a password there is not shown by `ps`. `none` ignores them. Datagrams
    /// go through `socks5` and `socks5h`, and only by this option. A proxy may end both directions when we end ours:
    /// --at-eof stay does not end it.
    #[arg(long = "proxy", value_name = "URL")]
    pub proxies: Vec<String>,
    /// Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated
    #[arg(long, value_name = "FILE")]
    pub proxy_ca: Vec<PathBuf>,
}
