//! What each step of TLS means.

use super::{Explanation, quoted};
use crate::step::tls::{Handshake, Tls};

pub(super) fn explain(step: &Tls) -> Explanation {
    match step {
        Tls::Begin { name, .. } => Explanation {
            title: "The ClientHello goes out.",
            text: "It is the first message of TLS and is readable by everybody on the way: the versions and ciphers we \
                   speak, half of a key exchange, the server's name (SNI), so that one address can serve many names, \
                   and the protocols we want to speak inside (ALPN). Everything after the server's answer is \
                   encrypted.",
            source: "RFC 8446 §4.1.2, RFC 6066 §3 (SNI), RFC 7301 (ALPN)",
            see: match name {
                Some(name) => format!("openssl s_client -msg -servername {} -connect ...", quoted(name)),
                None => "openssl s_client -msg -connect ...".to_owned(),
            },
        },
        Tls::Hello { .. } => Explanation {
            title: "A ClientHello has come.",
            text: "The client says which versions and ciphers it speaks, half of a key exchange, which name it believes \
                   to talk to (SNI), and which protocols it wants to speak inside (ALPN). We choose from that, answer \
                   with our half, and prove with our certificate's key who we are.",
            source: "RFC 8446 §4.1.2 and §4.1.3",
            see: "sudo tcpdump -ni any -X 'tcp[((tcp[12]&0xf0)>>2)] = 22'".to_owned(),
        },
        Tls::Asked { .. } => Explanation {
            title: "The server wants to know who we are.",
            text: "A server may ask for a certificate too, and may name the authorities that it trusts (mutual TLS). We \
                   show ours and sign the handshake with its key; the key itself never leaves. Without one the server \
                   may go on or refuse us, and in TLS 1.3 it does so only after our part of the handshake is done.",
            source: "RFC 8446 §4.3.2 and §4.4.2",
            see: "openssl s_client -connect ... </dev/null | grep -A3 'client certificate CA names'".to_owned(),
        },
        Tls::Certificate { place: 0, certificate, .. } => Explanation {
            title: "The peer shows its certificate.",
            text: "A certificate says that a key belongs to some names, until a date, and is signed by somebody who \
                   should know. The name we asked for must be among its names; the common name in the subject does not \
                   count any more. Anybody can copy a certificate, so the peer also signs the handshake with its key.",
            source: "RFC 5280, RFC 9525 (names), RFC 8446 §4.4.3",
            see: format!("openssl s_client -connect ... </dev/null | openssl x509 -noout -text  # {}", certificate.key),
        },
        Tls::Certificate { .. } => Explanation {
            title: "The chain goes on.",
            text: "Each certificate is signed by the key of the next, up to one that is signed by a root: an authority \
                   that this machine trusts already. The root itself need not be sent. A server that leaves out one in \
                   between is a common mistake, which browsers hide because they remember it from elsewhere.",
            source: "RFC 8446 §4.4.2, RFC 5280 §6",
            see: "openssl s_client -showcerts -connect ... </dev/null".to_owned(),
        },
        Tls::Established { handshake: Handshake::Resumed, .. } => Explanation {
            title: "An earlier session goes on.",
            text: "Server and client have met before and kept a secret of that session. It takes the place of \
                   certificates and signatures, which saves time; the peer was checked when they first met. The keys \
                   are new all the same.",
            source: "RFC 8446 §2.2, RFC 5077",
            see: "openssl s_client -reconnect -connect ... </dev/null".to_owned(),
        },
        Tls::Established { .. } => Explanation {
            title: "Both sides have the same keys.",
            text: "The handshake agreed on a version, a cipher and fresh keys, which are forgotten afterwards: who \
                   records everything now and steals a key later can still read nothing (forward secrecy). The time is \
                   about one round trip in TLS 1.3 and two in 1.2. From now on everything is encrypted, and what is \
                   changed on the way is noticed.",
            source: "RFC 8446 §2 and §4.4.4",
            see: "SSLKEYLOGFILE=keys.log sockeye ...  # Wireshark reads keys.log".to_owned(),
        },
        Tls::Failed { .. } => Explanation {
            title: "The handshake failed.",
            text: "Whoever refuses says why in an alert, a word of TLS for one of some thirty reasons, and closes. We \
                   translate both what we refuse and what we are told. Nothing of what you wanted to say has gone out.",
            source: "RFC 8446 §6.2",
            see: "openssl s_client -msg -connect ...".to_owned(),
        },
        Tls::CloseNotifySent => Explanation {
            title: "We said that nothing more comes.",
            text: "close_notify ends our direction inside TLS, and the FIN that follows ends it below. The alert is \
                   signed like all data, the FIN is not: anybody on the way can forge one. In TLS 1.3 the other \
                   direction goes on; in 1.2 the standard lets the peer end with us.",
            source: "RFC 8446 §6.1, RFC 5246 §7.2.1",
            see: "openssl s_server -msg ...".to_owned(),
        },
        Tls::CloseNotifyHeard => Explanation {
            title: "The peer said that nothing more comes.",
            text: "close_notify is encrypted and signed like all data. So it is certain that we have everything the \
                   peer said, and that nobody on the way has cut it short.",
            source: "RFC 8446 §6.1",
            see: "openssl s_client -msg -connect ...".to_owned(),
        },
        Tls::Truncated => Explanation {
            title: "The stream was cut.",
            text: "The connection below TLS ended, and the peer had not said close_notify. Somebody on the way may have \
                   ended it, or the peer crashed, or it never says close_notify, as some servers do. What came is \
                   genuine, but more may be missing; a length inside the data (such as HTTP's) can tell.",
            source: "RFC 8446 §6.1",
            see: "sudo tcpdump -ni any 'tcp[tcpflags] & tcp-fin != 0'".to_owned(),
        },
    }
}
