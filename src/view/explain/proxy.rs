//! What the steps through a proxy mean.

use super::{Explanation, filter, quoted};
use crate::step::Exchange;

pub(super) fn route(proxies: &[String]) -> Explanation {
    if proxies.is_empty() {
        return Explanation {
            title: "No proxy is used.",
            text: "A variable of the environment names a proxy, and another exempts this target from it. So the \
                   connection goes straight to the target. NO_PROXY lists names, which stand for themselves and for \
                   what ends in a dot and them, addresses and networks; a name is not looked up for this.",
            source: "sockeye(1), --proxy; curl(1), ENVIRONMENT",
            see: "env | grep -i proxy".to_owned(),
        };
    }
    Explanation {
        title: "The way leads through a proxy.",
        text: "We connect to the proxy and ask it to connect to the target; from then on it copies bytes both ways. The \
               target sees the proxy's address and not ours. The kernel knows only our connection to the proxy: what it \
               calls acknowledged is what the proxy has, and not the target.",
        source: "RFC 1928 §1, RFC 9110 §9.3.6",
        see: "env | grep -i proxy".to_owned(),
    }
}

pub(super) fn asked(proxy: &str, exchange: Exchange) -> Explanation {
    let (title, text, source) = match exchange {
        Exchange::Socks5Method => (
            "We say which logins we know.",
            "The first byte is the version, 5; then come the number of methods and the methods themselves. 0 is no \
             login, 2 is a user and a password. The proxy chooses one of them.",
            "RFC 1928 §3",
        ),
        Exchange::Socks5Login => (
            "We log in.",
            "The user and the password go out as they are, each after its length. Nothing hides them on the way, so \
             this suits a network that you trust, or a tunnel. They are left out of what is shown and recorded here.",
            "RFC 1929 §2",
        ),
        Exchange::Socks5Connect => (
            "We ask for a connection.",
            "The command is 1, CONNECT; then come the type of the address, the address and the port. Type 3 is a name, \
             which the proxy resolves: nobody near us sees a DNS query (socks5h). Types 1 and 4 are an IPv4 and an IPv6 \
             address that was resolved here (socks5).",
            "RFC 1928 §4 and §5",
        ),
        Exchange::Socks5Associate => (
            "We ask for a relay of datagrams.",
            "The command is 3, UDP ASSOCIATE. The address would say where our datagrams come from; we leave it at zeros, \
             as a NAT on the way may change it. This connection carries no data and stays open: the relay lives as long \
             as it does.",
            "RFC 1928 §4 and §7",
        ),
        Exchange::Socks4Connect => (
            "We ask for a connection.",
            "One message has it all: version 4, command 1, the port, an IPv4 address and a user that ends in a zero byte. \
             SOCKS4 cannot carry names. 4a sends the address 0.0.0.1, which cannot be real, and the name after the user.",
            "openssh's SOCKS4.protocol and socks4a texts (there is no RFC)",
        ),
        Exchange::HttpConnect => (
            "We ask for a tunnel.",
            "CONNECT names a host and a port where other requests name a page. An empty line ends the request. If the \
             proxy agrees, HTTP is over, and the connection is a plain tunnel. A login is sent only when it was asked \
             for, and is left out of what is shown here.",
            "RFC 9110 §9.3.6, RFC 7617 (Basic), RFC 7616 (Digest)",
        ),
    };
    Explanation { title, text, source, see: on_the_wire(proxy) }
}

pub(super) fn answered(proxy: &str, exchange: Exchange) -> Explanation {
    let (title, text, source) = match exchange {
        Exchange::Socks5Method => (
            "The proxy has chosen a login.",
            "Two bytes: the version and the method. 0 means that none is needed, 2 that a user and a password come next, \
             and 255 that nothing we offered will do.",
            "RFC 1928 §3",
        ),
        Exchange::Socks5Login => (
            "The proxy has judged our login.",
            "Two bytes: a version and a status. 0 is a welcome. Anything else is a refusal, without a reason, and the \
             proxy closes the connection.",
            "RFC 1929 §2",
        ),
        Exchange::Socks5Connect => (
            "The proxy has answered.",
            "The second byte is the reply: 0 is success, 5 that the target refused, 4 and 3 that it cannot be reached, 2 \
             that the proxy's rules forbid it. The address is the proxy's own end of its connection to the target. \
             Every byte after it is the target's.",
            "RFC 1928 §6",
        ),
        Exchange::Socks5Associate => (
            "The proxy has opened a relay.",
            "The address is where our datagrams are to be sent; zeros mean the proxy's own. Each carries a header that \
             says where it goes, and each that comes back has one that says where it is from.",
            "RFC 1928 §6 and §7",
        ),
        Exchange::Socks4Connect => (
            "The proxy has answered.",
            "Eight bytes: a zero, the reply, a port and an address that mean nothing here. 90 is success; 91 is every \
             failure, whatever it was. Every byte after them is the target's.",
            "openssh's SOCKS4.protocol and socks4a texts (there is no RFC)",
        ),
        Exchange::HttpConnect => (
            "The proxy has answered.",
            "Any status from 200 to 299 opens the tunnel; the empty line ends HTTP, and every byte after it is the \
             target's. 407 asks who we are and says how to prove it. 403 is a rule of the proxy, and 502 to 504 mean \
             that the target could not be reached.",
            "RFC 9110 §9.3.6 and §15, RFC 9112 §6.3",
        ),
    };
    Explanation { title, text, source, see: on_the_wire(proxy) }
}

pub(super) fn again(proxy: &str) -> Explanation {
    Explanation {
        title: "The proxy is asked again, on a new connection.",
        text: "It has told us how to log in, and it closes the connection or leaves open where its answer ends. HTTP allows \
               both. So we connect once more and send the login with the first request.",
        source: "RFC 9110 §11.7.1 (407), RFC 9112 §9.3 (whether a connection is kept)",
        see: on_the_wire(proxy),
    }
}

pub(super) fn dropped() -> Explanation {
    Explanation {
        title: "A datagram from the relay was thrown away.",
        text: "Its header is broken, or says that this is a part of a larger one, or that it comes from somebody else. Who \
               does not put parts together must drop them. A connected socket hears its peer only, and so does this.",
        source: "RFC 1928 §7",
        see: "sudo tcpdump -ni any -X udp".to_owned(),
    }
}

fn on_the_wire(proxy: &str) -> String {
    let address = proxy.split_once("://").map_or(proxy, |(_, address)| address);
    format!("sudo tcpdump -ni any -X {}", filter(&quoted(address)))
}
