
use builtin;
use str;

set edit:completion:arg-completer[sockeye] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'sockeye'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'sockeye'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand tcp 'A byte stream over the network'
            cand udp 'Datagrams over the network'
            cand unix 'Sockets inside this machine'
            cand replay 'Show a recorded session again, in any view'
            cand completions 'Print the completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;tcp'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand connect 'Connect to a TCP endpoint and talk'
            cand listen 'Listen for TCP connections'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;tcp;connect'= {
            cand --bind 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`'
            cand --connect-timeout 'Give up connecting after this long, all addresses together'
            cand --ca 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server''s own can be among them'
            cand --pin 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated'
            cand --crl 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated'
            cand --cert 'Show this certificate; a PEM file, with the certificates between it and its root'
            cand --key 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]'
            cand --key-password-file 'The password of the private key is the first line of this file'
            cand --sni 'Ask for the server of this name, and verify it [default: the host]'
            cand --alpn 'Protocols that may be spoken inside, the best first: `h2,http/1.1`'
            cand --handshake-timeout 'Give up the handshake after this long [default: 10s]'
            cand --sndbuf 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted'
            cand --rcvbuf 'The size of the receive buffer'
            cand --ttl 'How many routers a packet may pass [default: the kernel''s, 64]'
            cand --tos 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number'
            cand --device 'Send and hear through this interface only'
            cand --mark 'Mark the packets with this number for the routes and firewall rules of this machine'
            cand --keepalive 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel''s choice'
            cand --mss 'The largest segment, in bytes, each way'
            cand --user-timeout 'Give up when what was sent stays unacknowledged for this long [default: the kernel''s, about 15 minutes]'
            cand --retry 'Try again until it opens, at most this long; exit code 5 if it does not'
            cand --reconnect 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time'
            cand --reconnect-delay 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half'
            cand --offline 'What becomes of input while there is no connection'
            cand --framing 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little) [default: lines on a terminal, chunks on a pipe]'
            cand --newline 'Line ends on the wire'
            cand --say 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it'
            cand --count 'End with success after hearing this many messages, with exit code 8 if the conversation ends first'
            cand --expect 'End with success once this text was heard, with exit code 8 if the conversation ends first'
            cand --max-message 'The largest message that is heard whole'
            cand -o 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --output 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --color 'When to use colour'
            cand --timestamps 'Put the time before each line of the human view'
            cand --at-eof 'What to do at the end of stdin'
            cand --linger 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence]'
            cand --idle 'End when nothing was said or heard for this long'
            cand --input 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever'
            cand --message-size 'Cut what is read into messages of this size, whatever --framing puts around them'
            cand --rate 'Say at most so many bytes of input a second'
            cand --delay 'Wait this long between messages of input'
            cand --digest 'At the end, give digests of the bytes said and heard, so that two ends can compare'
            cand --expect-digest 'End with exit code 8 unless what was heard has this digest; implies --digest'
            cand --record 'Write every record to this file, one JSON object a line'
            cand --demo 'Start an echo server of the same protocol in this process and connect to it'
            cand -4 'Only IPv4'
            cand -6 'Only IPv6'
            cand --tls 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system''s trusted roots'
            cand --insecure 'Accept any certificate: whoever is on the way can read and change everything'
            cand --nodelay 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
            cand --fastopen 'Let data go with the SYN: of a client, what --say or TLS says first'
            cand --mptcp 'Speak Multipath TCP with peers that do, and plain TCP with others'
            cand --send-only 'Say what stdin says and show nothing of what is heard'
            cand --recv-only 'Do not read stdin'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Show the steps below the messages'
            cand --verbose 'Show the steps below the messages'
            cand --explain 'Explain each step; implies -v'
            cand --step 'Wait for Enter between the stages of opening and closing; implies -v'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;tcp;listen'= {
            cand --max-peers 'So many peers at a time; one more is turned away'
            cand --reply 'What to do by itself with what a peer says'
            cand --accept-timeout 'End with exit code 5 if no peer comes within this time'
            cand --stdin 'Who gets what stdin says; `each` replays a regular file to every peer [default: broadcast; none with --reply when stdin is not a terminal]'
            cand --backlog 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]'
            cand --ca 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated'
            cand --crl 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated'
            cand --cert 'Show this certificate; a PEM file, with the certificates between it and its root'
            cand --key 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]'
            cand --key-password-file 'The password of the private key is the first line of this file'
            cand --alpn 'Protocols that may be spoken inside, the best first: `h2,http/1.1`'
            cand --handshake-timeout 'Give up the handshake after this long [default: 10s]'
            cand --allow 'Only these addresses may come: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32; may be repeated'
            cand --deny 'These may not, even if they are allowed; may be repeated'
            cand --access-file 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on'
            cand --accept-rate-per-address 'So many new peers from one address (of IPv6, one /64): 5/s, 60/m, 100/h, and as many at once'
            cand --accept-rate 'So many new peers a second, a minute or an hour: 10/s, 600/m, 100/h, and as many at once; the rest are turned away'
            cand --sndbuf 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted'
            cand --rcvbuf 'The size of the receive buffer'
            cand --ttl 'How many routers a packet may pass [default: the kernel''s, 64]'
            cand --tos 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number'
            cand --device 'Send and hear through this interface only'
            cand --mark 'Mark the packets with this number for the routes and firewall rules of this machine'
            cand --keepalive 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel''s choice'
            cand --mss 'The largest segment, in bytes, each way'
            cand --user-timeout 'Give up when what was sent stays unacknowledged for this long [default: the kernel''s, about 15 minutes]'
            cand --framing 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little) [default: lines on a terminal, chunks on a pipe]'
            cand --newline 'Line ends on the wire'
            cand --say 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it'
            cand --count 'End with success after hearing this many messages, with exit code 8 if the conversation ends first'
            cand --expect 'End with success once this text was heard, with exit code 8 if the conversation ends first'
            cand --max-message 'The largest message that is heard whole'
            cand -o 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --output 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --color 'When to use colour'
            cand --timestamps 'Put the time before each line of the human view'
            cand --at-eof 'What to do at the end of stdin'
            cand --linger 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence]'
            cand --idle 'End when nothing was said or heard for this long'
            cand --input 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever'
            cand --message-size 'Cut what is read into messages of this size, whatever --framing puts around them'
            cand --rate 'Say at most so many bytes of input a second'
            cand --delay 'Wait this long between messages of input'
            cand --digest 'At the end, give digests of the bytes said and heard, so that two ends can compare'
            cand --expect-digest 'End with exit code 8 unless what was heard has this digest; implies --digest'
            cand --record 'Write every record to this file, one JSON object a line'
            cand -4 'Only IPv4'
            cand -6 'Only IPv6'
            cand --once 'Take one peer and end with it'
            cand --reuse-port 'Share the port with others that say so too; the kernel gives each peer to one of them'
            cand --tls 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
            cand --nodelay 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
            cand --fastopen 'Let data go with the SYN: of a client, what --say or TLS says first'
            cand --mptcp 'Speak Multipath TCP with peers that do, and plain TCP with others'
            cand --send-only 'Say what stdin says and show nothing of what is heard'
            cand --recv-only 'Do not read stdin'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Show the steps below the messages'
            cand --verbose 'Show the steps below the messages'
            cand --explain 'Explain each step; implies -v'
            cand --step 'Wait for Enter between the stages of opening and closing; implies -v'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;tcp;help'= {
            cand connect 'Connect to a TCP endpoint and talk'
            cand listen 'Listen for TCP connections'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;tcp;help;connect'= {
        }
        &'sockeye;tcp;help;listen'= {
        }
        &'sockeye;tcp;help;help'= {
        }
        &'sockeye;udp'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand connect 'Send datagrams to a UDP endpoint and hear its answers'
            cand listen 'Hear datagrams from any peer and answer'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;udp;connect'= {
            cand --bind 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`'
            cand --connect-timeout 'Give up connecting after this long, all addresses together'
            cand --sndbuf 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted'
            cand --rcvbuf 'The size of the receive buffer'
            cand --ttl 'How many routers a packet may pass [default: the kernel''s, 64]'
            cand --tos 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number'
            cand --device 'Send and hear through this interface only'
            cand --mark 'Mark the packets with this number for the routes and firewall rules of this machine'
            cand --framing 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little) [default: lines on a terminal, chunks on a pipe]'
            cand --newline 'Line ends on the wire'
            cand --say 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it'
            cand --count 'End with success after hearing this many messages, with exit code 8 if the conversation ends first'
            cand --expect 'End with success once this text was heard, with exit code 8 if the conversation ends first'
            cand --max-message 'The largest message that is heard whole'
            cand -o 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --output 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --color 'When to use colour'
            cand --timestamps 'Put the time before each line of the human view'
            cand --at-eof 'What to do at the end of stdin'
            cand --linger 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence]'
            cand --idle 'End when nothing was said or heard for this long'
            cand --input 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever'
            cand --message-size 'Cut what is read into messages of this size, whatever --framing puts around them'
            cand --rate 'Say at most so many bytes of input a second'
            cand --delay 'Wait this long between messages of input'
            cand --digest 'At the end, give digests of the bytes said and heard, so that two ends can compare'
            cand --expect-digest 'End with exit code 8 unless what was heard has this digest; implies --digest'
            cand --record 'Write every record to this file, one JSON object a line'
            cand --demo 'Start an echo server of the same protocol in this process and connect to it'
            cand -4 'Only IPv4'
            cand -6 'Only IPv6'
            cand --send-only 'Say what stdin says and show nothing of what is heard'
            cand --recv-only 'Do not read stdin'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Show the steps below the messages'
            cand --verbose 'Show the steps below the messages'
            cand --explain 'Explain each step; implies -v'
            cand --step 'Wait for Enter between the stages of opening and closing; implies -v'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;udp;listen'= {
            cand --reply-to 'Who gets what stdin says'
            cand --expiry 'Forget a peer that has been silent this long'
            cand --max-peers 'So many peers at a time; one more is turned away'
            cand --reply 'What to do by itself with what a peer says'
            cand --accept-timeout 'End with exit code 5 if no peer comes within this time'
            cand --allow 'Only these addresses may come: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32; may be repeated'
            cand --deny 'These may not, even if they are allowed; may be repeated'
            cand --access-file 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on'
            cand --accept-rate-per-address 'So many new peers from one address (of IPv6, one /64): 5/s, 60/m, 100/h, and as many at once'
            cand --accept-rate 'So many new peers a second, a minute or an hour: 10/s, 600/m, 100/h, and as many at once; the rest are turned away'
            cand --sndbuf 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted'
            cand --rcvbuf 'The size of the receive buffer'
            cand --ttl 'How many routers a packet may pass [default: the kernel''s, 64]'
            cand --tos 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number'
            cand --device 'Send and hear through this interface only'
            cand --mark 'Mark the packets with this number for the routes and firewall rules of this machine'
            cand --framing 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little) [default: lines on a terminal, chunks on a pipe]'
            cand --newline 'Line ends on the wire'
            cand --say 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it'
            cand --count 'End with success after hearing this many messages, with exit code 8 if the conversation ends first'
            cand --expect 'End with success once this text was heard, with exit code 8 if the conversation ends first'
            cand --max-message 'The largest message that is heard whole'
            cand -o 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --output 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --color 'When to use colour'
            cand --timestamps 'Put the time before each line of the human view'
            cand --at-eof 'What to do at the end of stdin'
            cand --linger 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence]'
            cand --idle 'End when nothing was said or heard for this long'
            cand --input 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever'
            cand --message-size 'Cut what is read into messages of this size, whatever --framing puts around them'
            cand --rate 'Say at most so many bytes of input a second'
            cand --delay 'Wait this long between messages of input'
            cand --digest 'At the end, give digests of the bytes said and heard, so that two ends can compare'
            cand --expect-digest 'End with exit code 8 unless what was heard has this digest; implies --digest'
            cand --record 'Write every record to this file, one JSON object a line'
            cand -4 'Only IPv4'
            cand -6 'Only IPv6'
            cand --once 'Take one peer and end with it'
            cand --reuse-port 'Share the port with others that say so too; the kernel gives each peer to one of them'
            cand --send-only 'Say what stdin says and show nothing of what is heard'
            cand --recv-only 'Do not read stdin'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Show the steps below the messages'
            cand --verbose 'Show the steps below the messages'
            cand --explain 'Explain each step; implies -v'
            cand --step 'Wait for Enter between the stages of opening and closing; implies -v'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;udp;help'= {
            cand connect 'Send datagrams to a UDP endpoint and hear its answers'
            cand listen 'Hear datagrams from any peer and answer'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;udp;help;connect'= {
        }
        &'sockeye;udp;help;listen'= {
        }
        &'sockeye;udp;help;help'= {
        }
        &'sockeye;unix'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand connect 'Connect to a Unix socket and talk'
            cand listen 'Listen on a Unix socket'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;unix;connect'= {
            cand --type 'The type of socket'
            cand --bind 'Bind our end to this path, so that a datagram peer can answer [default for datagram: an abstract name]'
            cand --ca 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server''s own can be among them'
            cand --pin 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated'
            cand --crl 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated'
            cand --cert 'Show this certificate; a PEM file, with the certificates between it and its root'
            cand --key 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]'
            cand --key-password-file 'The password of the private key is the first line of this file'
            cand --sni 'Ask for the server of this name, and verify it [default: the host]'
            cand --alpn 'Protocols that may be spoken inside, the best first: `h2,http/1.1`'
            cand --handshake-timeout 'Give up the handshake after this long [default: 10s]'
            cand --retry 'Try again until it opens, at most this long; exit code 5 if it does not'
            cand --reconnect 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time'
            cand --reconnect-delay 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half'
            cand --offline 'What becomes of input while there is no connection'
            cand --sndbuf 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted'
            cand --rcvbuf 'The size of the receive buffer'
            cand --framing 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little) [default: lines on a terminal, chunks on a pipe]'
            cand --newline 'Line ends on the wire'
            cand --say 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it'
            cand --count 'End with success after hearing this many messages, with exit code 8 if the conversation ends first'
            cand --expect 'End with success once this text was heard, with exit code 8 if the conversation ends first'
            cand --max-message 'The largest message that is heard whole'
            cand -o 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --output 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --color 'When to use colour'
            cand --timestamps 'Put the time before each line of the human view'
            cand --at-eof 'What to do at the end of stdin'
            cand --linger 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence]'
            cand --idle 'End when nothing was said or heard for this long'
            cand --input 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever'
            cand --message-size 'Cut what is read into messages of this size, whatever --framing puts around them'
            cand --rate 'Say at most so many bytes of input a second'
            cand --delay 'Wait this long between messages of input'
            cand --digest 'At the end, give digests of the bytes said and heard, so that two ends can compare'
            cand --expect-digest 'End with exit code 8 unless what was heard has this digest; implies --digest'
            cand --record 'Write every record to this file, one JSON object a line'
            cand --demo 'Start an echo server of the same protocol in this process and connect to it'
            cand --tls 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system''s trusted roots'
            cand --insecure 'Accept any certificate: whoever is on the way can read and change everything'
            cand --send-only 'Say what stdin says and show nothing of what is heard'
            cand --recv-only 'Do not read stdin'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Show the steps below the messages'
            cand --verbose 'Show the steps below the messages'
            cand --explain 'Explain each step; implies -v'
            cand --step 'Wait for Enter between the stages of opening and closing; implies -v'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;unix;listen'= {
            cand --type 'The type of socket'
            cand --max-peers 'So many peers at a time; one more is turned away'
            cand --reply 'What to do by itself with what a peer says'
            cand --accept-timeout 'End with exit code 5 if no peer comes within this time'
            cand --stdin 'Who gets what stdin says; `each` replays a regular file to every peer [default: broadcast; none with --reply when stdin is not a terminal]'
            cand --backlog 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]'
            cand --ca 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated'
            cand --crl 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated'
            cand --cert 'Show this certificate; a PEM file, with the certificates between it and its root'
            cand --key 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]'
            cand --key-password-file 'The password of the private key is the first line of this file'
            cand --alpn 'Protocols that may be spoken inside, the best first: `h2,http/1.1`'
            cand --handshake-timeout 'Give up the handshake after this long [default: 10s]'
            cand --allow-uid 'Only processes of these users may come, by their numbers; may be repeated'
            cand --accept-rate 'So many new peers a second, a minute or an hour: 10/s, 600/m, 100/h, and as many at once; the rest are turned away'
            cand --sndbuf 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted'
            cand --rcvbuf 'The size of the receive buffer'
            cand --framing 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little) [default: lines on a terminal, chunks on a pipe]'
            cand --newline 'Line ends on the wire'
            cand --say 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it'
            cand --count 'End with success after hearing this many messages, with exit code 8 if the conversation ends first'
            cand --expect 'End with success once this text was heard, with exit code 8 if the conversation ends first'
            cand --max-message 'The largest message that is heard whole'
            cand -o 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --output 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --color 'When to use colour'
            cand --timestamps 'Put the time before each line of the human view'
            cand --at-eof 'What to do at the end of stdin'
            cand --linger 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence]'
            cand --idle 'End when nothing was said or heard for this long'
            cand --input 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever'
            cand --message-size 'Cut what is read into messages of this size, whatever --framing puts around them'
            cand --rate 'Say at most so many bytes of input a second'
            cand --delay 'Wait this long between messages of input'
            cand --digest 'At the end, give digests of the bytes said and heard, so that two ends can compare'
            cand --expect-digest 'End with exit code 8 unless what was heard has this digest; implies --digest'
            cand --record 'Write every record to this file, one JSON object a line'
            cand --once 'Take one peer and end with it'
            cand --tls 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
            cand --send-only 'Say what stdin says and show nothing of what is heard'
            cand --recv-only 'Do not read stdin'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Show the steps below the messages'
            cand --verbose 'Show the steps below the messages'
            cand --explain 'Explain each step; implies -v'
            cand --step 'Wait for Enter between the stages of opening and closing; implies -v'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;unix;help'= {
            cand connect 'Connect to a Unix socket and talk'
            cand listen 'Listen on a Unix socket'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;unix;help;connect'= {
        }
        &'sockeye;unix;help;listen'= {
        }
        &'sockeye;unix;help;help'= {
        }
        &'sockeye;replay'= {
            cand -o 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --output 'The form of what is heard [default: human on a terminal, raw on a pipe]'
            cand --color 'When to use colour'
            cand --timestamps 'Put the time before each line of the human view'
            cand -q 'Say nothing on stderr but errors'
            cand --quiet 'Say nothing on stderr but errors'
            cand -v 'Show the steps below the messages'
            cand --verbose 'Show the steps below the messages'
            cand --explain 'Explain each step; implies -v'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;completions'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'sockeye;help'= {
            cand tcp 'A byte stream over the network'
            cand udp 'Datagrams over the network'
            cand unix 'Sockets inside this machine'
            cand replay 'Show a recorded session again, in any view'
            cand completions 'Print the completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'sockeye;help;tcp'= {
            cand connect 'Connect to a TCP endpoint and talk'
            cand listen 'Listen for TCP connections'
        }
        &'sockeye;help;tcp;connect'= {
        }
        &'sockeye;help;tcp;listen'= {
        }
        &'sockeye;help;udp'= {
            cand connect 'Send datagrams to a UDP endpoint and hear its answers'
            cand listen 'Hear datagrams from any peer and answer'
        }
        &'sockeye;help;udp;connect'= {
        }
        &'sockeye;help;udp;listen'= {
        }
        &'sockeye;help;unix'= {
            cand connect 'Connect to a Unix socket and talk'
            cand listen 'Listen on a Unix socket'
        }
        &'sockeye;help;unix;connect'= {
        }
        &'sockeye;help;unix;listen'= {
        }
        &'sockeye;help;replay'= {
        }
        &'sockeye;help;completions'= {
        }
        &'sockeye;help;help'= {
        }
    ]
    $completions[$command]
}
