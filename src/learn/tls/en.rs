//! The texts of the lesson `tls` in English.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "TLS: who reads along, and with whom you speak";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "Without TLS whoever stands between reads along",
        text: "Here a third program passes on what client and server say, as every router and access point on the way does. \
               TCP carries bytes and hides none: the password goes by in plain text. Whoever passes it on could change it \
               as well, and neither side would know.",
        source: "RFC 8446 §1, RFC 7258 (monitoring is an attack)",
        see: "sudo tcpdump -i lo -nA 'tcp port {port}'",
        terms: &[T::Stream, T::Proxy],
        ..Act::EMPTY
    },
    Act {
        title: "The client's hello",
        text: "TLS begins on an open TCP connection. The client says which versions and ciphers it knows, sends its half of a \
               key exchange, and names the server it wants (SNI), since one address may serve many. All of that is still \
               readable: the eavesdropper learns the name.",
        source: "RFC 8446 §4.1.2, RFC 6066 §3 (server_name)",
        see: "openssl s_client -connect example.org:443 -trace </dev/null",
        terms: &[T::Handshake, T::ServerName, T::KeyExchange],
        question: Some((
            "Does TLS hide which site you visit?",
            "Not the address, and mostly not the name: only Encrypted Client Hello hides that.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The server's answer, and from then on noise",
        text: "The server sends its half of the key exchange. Both now compute the same keys, which never crossed the wire, and \
               one round trip has passed. Everything after its hello is encrypted, even its certificate: application data, \
               says the record, and no more.",
        source: "RFC 8446 §2, §4.1.3 and §5.1",
        see: "sudo tcpdump -i lo -nX 'tcp port {port}'",
        terms: &[T::KeyExchange, T::Cipher, T::RoundTrip],
        question: Some((
            "The eavesdropper keeps all of it, and steals the server's key next year. Can it read this?",
            "No. The keys were made for this connection and forgotten: that is forward secrecy.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Who is that? The client checks the certificate",
        text: "Keys agreed upon with a stranger are worth nothing. The certificate says: this key belongs to that name. The \
               client checks that an authority it trusts has signed it, that the name is the one it wanted, that it is \
               valid today; and the server proves that it has the key.",
        source: "RFC 8446 §4.4.2 and §4.4.3, RFC 5280 §6",
        see: "openssl s_client -connect example.org:443 </dev/null | openssl x509 -noout -text",
        terms: &[T::Certificate, T::Authority, T::ServerName],
        ..Act::EMPTY
    },
    Act {
        title: "The same words again",
        text: "To the two programs nothing has changed: they send and receive bytes. The eavesdropper sees how many records pass, \
               when, in which direction and how long they are; each is its text, 17 bytes of check and kind, and a header of \
               5. Whoever changes one bit ends the connection.",
        source: "RFC 8446 §5.2 and §5.4",
        see: "sockeye tcp connect --tls example.org:443 -v",
        terms: &[T::Cipher, T::Stream],
        question: Some((
            "What can be learned from lengths and times alone?",
            "Often which page is read, or that somebody types. Padding and company hide it.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "An end that cannot be forged",
        text: "Anybody on the way can forge a FIN. So TLS says goodbye itself: close_notify is encrypted like all else, and only \
               the peer can have said it. A stream that ends without it may have been cut, and a program should not take \
               what came for all there was.",
        source: "RFC 8446 §6.1",
        see: "sockeye tcp connect --tls example.org:443 -v  # truncated, or close_notify",
        terms: &[T::Fin, T::HalfClose, T::EndOfStream],
        ..Act::EMPTY
    },
    Act {
        title: "Another name: refused",
        text: "The client means to reach bank.example and comes to a server whose certificate is for localhost. It is genuine, \
               and of the wrong one: anybody can get a certificate for a name of their own. The client refuses before it \
               has said a word of its own, and an alert says why.",
        source: "RFC 9525 §6, RFC 8446 §6.2",
        see: "openssl s_client -connect example.org:443 -verify_hostname bank.example </dev/null",
        terms: &[T::Certificate, T::ServerName, T::Alert],
        ..Act::EMPTY
    },
    Act {
        title: "A pinned certificate",
        text: "A client that knows the server's certificate needs no authority: it compares the SHA-256 of what it is shown. That \
               suits your own servers, whose certificates sign themselves. The price: when the certificate is renewed every \
               client must be told.",
        source: "RFC 7469 §1 (what pinning is for, and its risks)",
        see: "sockeye tcp listen 0 --tls  # it prints the fingerprint for --pin",
        terms: &[T::Fingerprint, T::Certificate],
        ..Act::EMPTY
    },
    Act {
        title: "Somebody else answers: an unknown authority",
        text: "Now an impostor has taken the server's place. Its certificate says localhost too; everybody can write that. But \
               no authority that the client trusts has signed it, so the client believes nothing of it. This is what stops \
               the one in the middle.",
        source: "RFC 5280 §6.1, RFC 8446 §6.2 (unknown_ca)",
        see: "openssl s_client -connect self-signed.badssl.com:443 </dev/null",
        terms: &[T::Authority, T::Certificate, T::Alert],
        question: Some((
            "How many authorities does your system trust?",
            "More than a hundred, and each may vouch for any name: ls /etc/ssl/certs | wc -l",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The pin sees it too",
        text: "The impostor's certificate has another SHA-256. That the name is right, or who signed it, would not help it: a \
               pin accepts one certificate and no other. sockeye says which it was shown, so that you can tell a renewal \
               from an attack by asking the owner.",
        source: "RFC 7469 §2.6 (validating pins)",
        see: "openssl x509 -noout -fingerprint -sha256 -in cert.pem",
        terms: &[T::Fingerprint, T::Alert],
        ..Act::EMPTY
    },
    Act {
        title: "Who does not look notices nothing",
        text: "With --insecure the handshake succeeds. All is encrypted as before, for the impostor, who can read it, and pass \
               it on to the real server so that nothing seems wrong. Encryption without a check protects only from those \
               who listen and do nothing.",
        source: "RFC 8446 §C.5 (unauthenticated operation)",
        see: "sockeye tcp connect --tls --insecure example.org:443 -v",
        terms: &[T::Authority, T::KeyExchange],
        question: Some((
            "A program works only with verify=False. What is the remedy?",
            "Trust the right authority (--ca), or pin the certificate: both are one option, too.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The same in Python, and with openssl",
        text: "The default context checks the chain, the name and the dates. Leave it as it is.",
        source: "RFC 9325 §3 and §4 (recommendations for TLS)",
        see: "sockeye tcp connect --tls example.org:443 --explain",
        terms: &[T::Certificate, T::ServerName],
        code: &[
            Code {
                language: "Python",
                lines: "context = ssl.create_default_context()  # or (cafile=\"ca.pem\")\n\
                        with socket.create_connection((\"example.org\", 443)) as tcp:\n    \
                        with context.wrap_socket(tcp, server_hostname=\"example.org\") as tls:\n        \
                        print(tls.version(), tls.getpeercert()[\"subjectAltName\"])",
            },
            Code {
                language: "a certificate of your own that signs itself",
                lines: "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\\n  -days 90 -subj /CN=localhost -addext subjectAltName=DNS:localhost \\\n  \
                        -addext basicConstraints=CA:FALSE -keyout key.pem -out cert.pem",
            },
        ],
        ..Act::EMPTY
    },
];
