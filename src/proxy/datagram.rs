//! Datagrams through a SOCKS5 relay (RFC 1928 §7): each has a header that says where it goes, or where it came from.

use bytes::{Bytes, BytesMut};

use super::{Refusal, socks5};
use crate::endpoint::HostPort;

/// The header of every datagram to one target.
#[derive(Clone, Debug)]
pub struct Header(Vec<u8>);

impl Header {
    /// Towards this target. Fails where its name is too long.
    pub fn new(target: &HostPort) -> Result<Self, Refusal> {
        // RSV, RSV, FRAG: we never fragment.
        let mut bytes = vec![0, 0, 0];
        socks5::put_address(&mut bytes, target)?;
        Ok(Self(bytes))
    }

    /// The datagram for the relay.
    #[must_use]
    pub fn wrap(&self, data: &[u8]) -> Bytes {
        let mut bytes = BytesMut::with_capacity(self.0.len() + data.len());
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(data);
        bytes.freeze()
    }
}

/// Why a datagram from a relay is thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// Who does not put fragments together must drop them (RFC 1928 §7).
    #[error("a fragment")]
    Fragment,
    /// Shorter than its header, or with an address of no known type.
    #[error("no SOCKS5 header")]
    Malformed,
}

/// Takes a datagram from a relay apart: who sent it, and what.
pub fn unwrap(datagram: &Bytes) -> Result<(HostPort, Bytes), Dropped> {
    let (from, used) = datagram.get(3..).and_then(socks5::address).ok_or(Dropped::Malformed)?;
    if datagram[2] != 0 {
        return Err(Dropped::Fragment);
    }
    Ok((from, datagram.slice(3 + used..)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proxy::testing::target;

    #[test]
    fn the_bytes_of_rfc_1928_7() {
        let header = Header::new(&target("192.0.2.1", 53)).expect("a header");
        assert_eq!(&header.wrap(b"hello")[..], b"\0\0\0\x01\xc0\0\x02\x01\x00\x35hello");
    }

    #[test]
    fn fragments_and_scraps_are_dropped() {
        let whole = Header::new(&target("x", 53)).expect("a header").wrap(b"");
        assert_eq!(unwrap(&whole), Ok((target("x", 53), Bytes::new())));
        for cut in 0..whole.len() {
            assert_eq!(unwrap(&whole.slice(..cut)), Err(Dropped::Malformed));
        }
        assert_eq!(unwrap(&Bytes::from_static(b"\0\0\x01\x01\xc0\0\x02\x01\x00\x35hello")), Err(Dropped::Fragment));
        assert_eq!(unwrap(&Bytes::from_static(b"\0\0\0\x05\xc0\0\x02\x01\x00\x35hello")), Err(Dropped::Malformed));
    }

    proptest! {
        #[test]
        fn what_is_wrapped_is_unwrapped(
            host in prop_oneof!["[a-z.]{1,255}", any::<std::net::IpAddr>().prop_map(|address| address.to_string())],
            port: u16,
            data: Vec<u8>,
        ) {
            let target = HostPort { host, port };
            let wrapped = Header::new(&target).expect("a header").wrap(&data);
            prop_assert_eq!(unwrap(&wrapped), Ok((target, Bytes::from(data))));
        }

        #[test]
        fn any_datagram_is_taken(data: Vec<u8>) {
            let _ = unwrap(&Bytes::from(data));
        }
    }
}
