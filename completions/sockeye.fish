# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sockeye_global_optspecs
    string join \n h/help V/version
end

function __fish_sockeye_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sockeye_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sockeye_using_subcommand
    set -l cmd (__fish_sockeye_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sockeye -n "__fish_sockeye_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_needs_command" -s V -l version -d 'Print version'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "tcp" -d 'A byte stream over the network'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "udp" -d 'Datagrams over the network'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "unix" -d 'Sockets inside this machine'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "vsock" -d 'A byte stream between a virtual machine and its host'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "ws" -d 'Messages over the web\'s own sockets'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "http" -d 'News by HTTP: polling, long polling, streaming, server-sent events'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "compare" -d 'Polling, long polling, streaming, SSE, WebSocket and Socket.IO, side by side'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "sio" -d 'Events over WebSocket or HTTP polling'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "scan" -d 'Tell which TCP ports of a host are open'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "learn" -d 'Lessons: a real client and a real server, one step at a time'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "replay" -d 'Show a recorded session again, in any view'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c sockeye -n "__fish_sockeye_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen ping help" -s h -l help -d 'Print help'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen ping help" -f -a "connect" -d 'Connect to a TCP endpoint and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen ping help" -f -a "listen" -d 'Listen for TCP connections'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen ping help" -f -a "ping" -d 'Connect again and again, and tell how long it takes'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and not __fish_seen_subcommand_from connect listen ping help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l demo -d 'Start an echo server of the same protocol in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l max-peers -d 'So many peers at a time; one more is turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l reply -d 'What to do by itself with what a peer says' -r -f -a "none\t'Nothing'
echo\t'Say it back'
broadcast\t'Say it to every other peer'
everyone\t'Say it to every peer, also back'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l slow -d 'What becomes of a peer that has not read for a second what all are told' -r -f -a "drop\t'It misses what it has no room for'
close\t'It is closed'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l accept-timeout -d 'End with exit code 5 if no peer comes within this time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l stdin -d 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]' -r -f -a "none\t'Nobody; stdin is not read'
broadcast\t'Every peer'
first\t'The first peer only'
each\t'Every peer gets all of it (a regular file, or generated)'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l backlog -d 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l ca -d 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l allow -d 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l deny -d 'These may not, even if they are allowed; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l access-file -d 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l accept-rate-per-address -d 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l accept-rate -d 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l once -d 'Take one peer and end with it'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l reuse-port -d 'Share the port with others that say so too; the kernel gives each peer to one of them'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l tls -d 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l count -d 'End after so many [default: until it is interrupted]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l interval -d 'From the start of one to the start of the next' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l demo -d 'Start an echo server of the same protocol in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from ping" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Connect to a TCP endpoint and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from help" -f -a "listen" -d 'Listen for TCP connections'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from help" -f -a "ping" -d 'Connect again and again, and tell how long it takes'
complete -c sockeye -n "__fish_sockeye_using_subcommand tcp; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and not __fish_seen_subcommand_from connect listen help" -s h -l help -d 'Print help'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and not __fish_seen_subcommand_from connect listen help" -f -a "connect" -d 'Send datagrams to a UDP endpoint and hear its answers'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and not __fish_seen_subcommand_from connect listen help" -f -a "listen" -d 'Hear datagrams from any peer and answer'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and not __fish_seen_subcommand_from connect listen help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l join -d 'Hear this group, at this interface or where the routes lead: 239.1.2.3, 239.1.2.3%eth0, `ff02::fb%eth0`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l source -d 'Of these groups, hear only what this address sends; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l interface -d 'Send to the group through this interface, by its name or its address' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l multicast-ttl -d 'How many routers a datagram to a group may pass [default: none, 1 stays in the network]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l multicast-loop -d 'Whether members of the group on this machine hear it too [default: on]' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l demo -d 'Start an echo server of the same protocol in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l broadcast -d 'Send to everybody in a network: 255.255.255.255 or the last address of one'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l reply-to -d 'Who gets what stdin says' -r -f -a "last\t'The peer heard last'
all\t'Every peer heard and not expired'
first\t'The peer heard first'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l expiry -d 'Forget a peer that has been silent this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l max-peers -d 'So many peers at a time; one more is turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l reply -d 'What to do by itself with what a peer says' -r -f -a "none\t'Nothing'
echo\t'Say it back'
broadcast\t'Say it to every other peer'
everyone\t'Say it to every peer, also back'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l slow -d 'What becomes of a peer that has not read for a second what all are told' -r -f -a "drop\t'It misses what it has no room for'
close\t'It is closed'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l accept-timeout -d 'End with exit code 5 if no peer comes within this time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l allow -d 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l deny -d 'These may not, even if they are allowed; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l access-file -d 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l accept-rate-per-address -d 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l accept-rate -d 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l join -d 'Hear this group, at this interface or where the routes lead: 239.1.2.3, 239.1.2.3%eth0, `ff02::fb%eth0`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l source -d 'Of these groups, hear only what this address sends; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l once -d 'Take one peer and end with it'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l reuse-port -d 'Share the port with others that say so too; the kernel gives each peer to one of them'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Send datagrams to a UDP endpoint and hear its answers'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from help" -f -a "listen" -d 'Hear datagrams from any peer and answer'
complete -c sockeye -n "__fish_sockeye_using_subcommand udp; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and not __fish_seen_subcommand_from connect listen help" -s h -l help -d 'Print help'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and not __fish_seen_subcommand_from connect listen help" -f -a "connect" -d 'Connect to a Unix socket and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and not __fish_seen_subcommand_from connect listen help" -f -a "listen" -d 'Listen on a Unix socket'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and not __fish_seen_subcommand_from connect listen help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l type -d 'The type of socket' -r -f -a "stream\t'A byte stream'
datagram\t'Datagrams, no connection'
seqpacket\t'A connection that keeps message boundaries'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l bind -d 'Bind our end to this path, so that a datagram peer can answer [default for datagram: an abstract name]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l demo -d 'Start an echo server of the same protocol in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l type -d 'The type of socket' -r -f -a "stream\t'A byte stream'
datagram\t'Datagrams, no connection'
seqpacket\t'A connection that keeps message boundaries'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l max-peers -d 'So many peers at a time; one more is turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l reply -d 'What to do by itself with what a peer says' -r -f -a "none\t'Nothing'
echo\t'Say it back'
broadcast\t'Say it to every other peer'
everyone\t'Say it to every peer, also back'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l slow -d 'What becomes of a peer that has not read for a second what all are told' -r -f -a "drop\t'It misses what it has no room for'
close\t'It is closed'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l accept-timeout -d 'End with exit code 5 if no peer comes within this time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l stdin -d 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]' -r -f -a "none\t'Nobody; stdin is not read'
broadcast\t'Every peer'
first\t'The first peer only'
each\t'Every peer gets all of it (a regular file, or generated)'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l backlog -d 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l ca -d 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l allow-uid -d 'Only processes of these users may come, by their numbers; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l accept-rate -d 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l once -d 'Take one peer and end with it'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l tls -d 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Connect to a Unix socket and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from help" -f -a "listen" -d 'Listen on a Unix socket'
complete -c sockeye -n "__fish_sockeye_using_subcommand unix; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and not __fish_seen_subcommand_from connect listen help" -s h -l help -d 'Print help'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and not __fish_seen_subcommand_from connect listen help" -f -a "connect" -d 'Connect to a virtual machine, or from one to its host, and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and not __fish_seen_subcommand_from connect listen help" -f -a "listen" -d 'Listen for connections from the host, or from its virtual machines'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and not __fish_seen_subcommand_from connect listen help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l connect-timeout -d 'Give up connecting after this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l max-peers -d 'So many peers at a time; one more is turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l reply -d 'What to do by itself with what a peer says' -r -f -a "none\t'Nothing'
echo\t'Say it back'
broadcast\t'Say it to every other peer'
everyone\t'Say it to every peer, also back'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l slow -d 'What becomes of a peer that has not read for a second what all are told' -r -f -a "drop\t'It misses what it has no room for'
close\t'It is closed'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l accept-timeout -d 'End with exit code 5 if no peer comes within this time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l stdin -d 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]' -r -f -a "none\t'Nobody; stdin is not read'
broadcast\t'Every peer'
first\t'The first peer only'
each\t'Every peer gets all of it (a regular file, or generated)'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l backlog -d 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l ca -d 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l accept-rate -d 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l once -d 'Take one peer and end with it'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l tls -d 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Connect to a virtual machine, or from one to its host, and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from help" -f -a "listen" -d 'Listen for connections from the host, or from its virtual machines'
complete -c sockeye -n "__fish_sockeye_using_subcommand vsock; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and not __fish_seen_subcommand_from connect listen help" -s h -l help -d 'Print help'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and not __fish_seen_subcommand_from connect listen help" -f -a "connect" -d 'Connect to a WebSocket and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and not __fish_seen_subcommand_from connect listen help" -f -a "listen" -d 'Listen for WebSocket connections'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and not __fish_seen_subcommand_from connect listen help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -s H -l header -d 'Add this header to the request; may be repeated. One that is sent anyway is replaced' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l origin -d 'Say that the page of this origin asks' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l subprotocol -d 'Offer this subprotocol; may be repeated, the best first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l auth -d 'Log in (Basic), as `ws://USER:PASSWORD@HOST` does' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l cookie -d 'Send this cookie; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l location -d 'Go where a redirection leads, at most so many times. Logins and cookies do not go to another host' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l deflate -d 'Compress messages, if the other side does it too (permessage-deflate)' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l deflate-level -d 'How hard, from 1 to 9' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l deflate-threshold -d 'Smaller messages are not compressed' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l deflate-window -d 'The window that we compress with is 2 to this power, 9 to 15' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l deflate-peer-window -d 'The window that the other side is to compress with' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l kind -d 'What stdin\'s messages are: text if they are UTF-8, or always one of the two' -r -f -a "auto\t'Text if it is UTF-8, binary otherwise'
text\t'Text'
binary\t'Binary'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l ping-interval -d 'Ask the peer this often whether it is there, and how far' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l ping-timeout -d 'End if nothing at all comes for this long after a ping' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l reply -d 'What to do by itself with what the peer says' -r -f -a "none\t'Nothing'
echo\t'Say it back'
broadcast\t'Say it to every other peer'
everyone\t'Say it to every peer, also back'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l demo -d 'Start an echo server of the same protocol in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l strict -d 'A server that chooses none of the subprotocols is an error'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l deflate-reset -d 'Compress each message by itself'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l deflate-peer-reset -d 'The other side is to compress each message by itself'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l no-pong -d 'Answer no ping'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l no-close-reply -d 'Answer no Close'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l no-mask -d 'Do not mask what is said'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l subprotocol -d 'Speak this subprotocol if the client offers it; may be repeated, the best first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -s H -l header -d 'Add this header to the answer; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l allow-origin -d 'Pages of this origin may connect too; may be repeated, `*` is any' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l host -d 'We are called by this name too; may be repeated. Without, a name must be localhost or an address' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l auth -d 'Take only who logs in so (Basic)' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deflate -d 'Compress messages, if the other side does it too (permessage-deflate)' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deflate-level -d 'How hard, from 1 to 9' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deflate-threshold -d 'Smaller messages are not compressed' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deflate-window -d 'The window that we compress with is 2 to this power, 9 to 15' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deflate-peer-window -d 'The window that the other side is to compress with' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l kind -d 'What stdin\'s messages are: text if they are UTF-8, or always one of the two' -r -f -a "auto\t'Text if it is UTF-8, binary otherwise'
text\t'Text'
binary\t'Binary'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l ping-interval -d 'Ask the peer this often whether it is there, and how far' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l ping-timeout -d 'End if nothing at all comes for this long after a ping' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l max-peers -d 'So many peers at a time; one more is turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l reply -d 'What to do by itself with what a peer says' -r -f -a "none\t'Nothing'
echo\t'Say it back'
broadcast\t'Say it to every other peer'
everyone\t'Say it to every peer, also back'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l slow -d 'What becomes of a peer that has not read for a second what all are told' -r -f -a "drop\t'It misses what it has no room for'
close\t'It is closed'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l accept-timeout -d 'End with exit code 5 if no peer comes within this time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l stdin -d 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]' -r -f -a "none\t'Nobody; stdin is not read'
broadcast\t'Every peer'
first\t'The first peer only'
each\t'Every peer gets all of it (a regular file, or generated)'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l backlog -d 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l ca -d 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l allow -d 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deny -d 'These may not, even if they are allowed; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l access-file -d 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l accept-rate-per-address -d 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l accept-rate -d 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l no-page -d 'Serve no page'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deflate-reset -d 'Compress each message by itself'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l deflate-peer-reset -d 'The other side is to compress each message by itself'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l no-pong -d 'Answer no ping'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l no-close-reply -d 'Answer no Close'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l once -d 'Take one peer and end with it'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l reuse-port -d 'Share the port with others that say so too; the kernel gives each peer to one of them'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l tls -d 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Connect to a WebSocket and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from help" -f -a "listen" -d 'Listen for WebSocket connections'
complete -c sockeye -n "__fish_sockeye_using_subcommand ws; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and not __fish_seen_subcommand_from poll long-poll stream sse listen help" -s h -l help -d 'Print help'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and not __fish_seen_subcommand_from poll long-poll stream sse listen help" -f -a "poll" -d 'Ask again and again, and tell what has changed'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and not __fish_seen_subcommand_from poll long-poll stream sse listen help" -f -a "long-poll" -d 'Ask, and be answered when there is something'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and not __fish_seen_subcommand_from poll long-poll stream sse listen help" -f -a "stream" -d 'Hear an answer that goes on'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and not __fish_seen_subcommand_from poll long-poll stream sse listen help" -f -a "sse" -d 'Hear server-sent events'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and not __fish_seen_subcommand_from poll long-poll stream sse listen help" -f -a "listen" -d 'Serve news in every style: polling, long polling, streaming, SSE and WebSocket'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and not __fish_seen_subcommand_from poll long-poll stream sse listen help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s H -l header -d 'Add this header to each request; may be repeated. One that is sent anyway is replaced' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s X -l method -d 'Ask with this method [default: GET; with --data, POST]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s d -l data -d 'Send this with each request' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l content-type -d 'The type of what is sent [default: application/json if it is that, text/plain if it is text]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l post -d 'Post what stdin says to this URL [default: to the one that is listened to]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l auth -d 'Log in (Basic), as `http://USER:PASSWORD@HOST` does' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l cookie -d 'Send this cookie; may be repeated. Those that the server sets are sent too' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l location -d 'Go where a redirection leads, at most so many times. Logins and cookies do not go to another host' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l compression -d 'Let the server compress its answers (gzip, br, zstd)' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l answer-timeout -d 'How long the head of an answer may take [default: 10s; long-poll: 2m]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l attempts -d 'Give up after so many failures in a row: no connection, no answer, 429, 503' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l interval -d 'From the start of one request to the start of the next' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l jitter -d 'Make each interval longer or shorter by up to this many percent' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l demo -d 'Start a server of every style in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -l all -d 'Each answer is a message, also one that is the same as before'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from poll" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s H -l header -d 'Add this header to each request; may be repeated. One that is sent anyway is replaced' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s X -l method -d 'Ask with this method [default: GET; with --data, POST]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s d -l data -d 'Send this with each request' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l content-type -d 'The type of what is sent [default: application/json if it is that, text/plain if it is text]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l post -d 'Post what stdin says to this URL [default: to the one that is listened to]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l auth -d 'Log in (Basic), as `http://USER:PASSWORD@HOST` does' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l cookie -d 'Send this cookie; may be repeated. Those that the server sets are sent too' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l location -d 'Go where a redirection leads, at most so many times. Logins and cookies do not go to another host' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l compression -d 'Let the server compress its answers (gzip, br, zstd)' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l answer-timeout -d 'How long the head of an answer may take [default: 10s; long-poll: 2m]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l attempts -d 'Give up after so many failures in a row: no connection, no answer, 429, 503' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l demo -d 'Start a server of every style in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -l all -d 'Each answer is a message, also one that is the same as before'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from long-poll" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s H -l header -d 'Add this header to each request; may be repeated. One that is sent anyway is replaced' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s X -l method -d 'Ask with this method [default: GET; with --data, POST]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s d -l data -d 'Send this with each request' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l content-type -d 'The type of what is sent [default: application/json if it is that, text/plain if it is text]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l post -d 'Post what stdin says to this URL [default: to the one that is listened to]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l auth -d 'Log in (Basic), as `http://USER:PASSWORD@HOST` does' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l cookie -d 'Send this cookie; may be repeated. Those that the server sets are sent too' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l location -d 'Go where a redirection leads, at most so many times. Logins and cookies do not go to another host' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l compression -d 'Let the server compress its answers (gzip, br, zstd)' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l answer-timeout -d 'How long the head of an answer may take [default: 10s; long-poll: 2m]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l attempts -d 'Give up after so many failures in a row: no connection, no answer, 429, 503' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l demo -d 'Start a server of every style in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from stream" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s H -l header -d 'Add this header to each request; may be repeated. One that is sent anyway is replaced' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s X -l method -d 'Ask with this method [default: GET; with --data, POST]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s d -l data -d 'Send this with each request' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l content-type -d 'The type of what is sent [default: application/json if it is that, text/plain if it is text]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l post -d 'Post what stdin says to this URL [default: to the one that is listened to]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l auth -d 'Log in (Basic), as `http://USER:PASSWORD@HOST` does' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l cookie -d 'Send this cookie; may be repeated. Those that the server sets are sent too' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l location -d 'Go where a redirection leads, at most so many times. Logins and cookies do not go to another host' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l compression -d 'Let the server compress its answers (gzip, br, zstd)' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l answer-timeout -d 'How long the head of an answer may take [default: 10s; long-poll: 2m]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l attempts -d 'Give up after so many failures in a row: no connection, no answer, 429, 503' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l reconnect -d 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l offline -d 'What becomes of input while there is no connection' -r -f -a "keep\t'It waits, and is said on the next connection'
drop\t'It is read and dropped'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l last-event-id -d 'Begin after the event with this id' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l demo -d 'Start a server of every style in this process and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -l no-resume -d 'End when the stream does'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from sse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l max-peers -d 'So many connections at a time; one more is answered 503' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l hold -d 'Answer a long poll after this long, if nothing has happened' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l heartbeat -d 'Say on a stream this often that it is alive, if nothing has happened' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l sse-retry -d 'Tell the clients of /sse to come back after this long when the stream ends [default: they choose, 3s mostly]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -s H -l header -d 'Add this header to each answer; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l allow-origin -d 'Pages of this origin may ask too; may be repeated, `*` is any' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l host -d 'We are called by this name too; may be repeated. Without, a name must be localhost or an address' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l auth -d 'Take only who logs in so (Basic)' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l backlog -d 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l ca -d 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l allow -d 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l deny -d 'These may not, even if they are allowed; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l access-file -d 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l accept-rate-per-address -d 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l accept-rate -d 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l no-publish -d 'What is posted is heard here, and not told to the others'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l no-page -d 'Serve no page'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l reuse-port -d 'Share the port with others that say so too; the kernel gives each peer to one of them'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l tls -d 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from help" -f -a "poll" -d 'Ask again and again, and tell what has changed'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from help" -f -a "long-poll" -d 'Ask, and be answered when there is something'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from help" -f -a "stream" -d 'Hear an answer that goes on'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from help" -f -a "sse" -d 'Hear server-sent events'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from help" -f -a "listen" -d 'Serve news in every style: polling, long polling, streaming, SSE and WebSocket'
complete -c sockeye -n "__fish_sockeye_using_subcommand http; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l styles -d 'Compare these: polling, long-polling, streaming, sse, websocket, socketio, tcp, udp' -r -f -a "polling\t''
long-polling\t''
streaming\t''
sse\t''
websocket\t''
socketio\t''
tcp\t''
udp\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l url -d 'Compare at this server, which has the paths of `http listen`: /poll, /long-poll, /stream, /sse, /ws, /publish' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l interval -d 'Poll this often; may be repeated, and each is a style of its own' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l events -d 'So many events' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l rate -d 'So many events a second, on average; the gaps are random' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l duration -d 'As many events as come in this time, instead' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l payload -d 'The size of an event' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l rtt -d 'Let a round trip take this long: on loopback all styles that push look alike' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l idle -d 'Measure this long what nothing costs' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l burst -d 'So many events at once' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l upward -d 'So many messages from the client to the server' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l seed -d 'Decides the gaps; the same number gives the same' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l report -d 'Write the report as a page with drawings to this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l web -d 'Serve a page instead, whose browser is the client of all styles [default: a free port, for this machine alone]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -s o -l output -d 'The form of the report' -r -f -a "human\t'Tables, bars and sentences'
json\t'One JSON object'"
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -s q -l quiet -d 'Do not show how far it is'
complete -c sockeye -n "__fish_sockeye_using_subcommand compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and not __fish_seen_subcommand_from connect decode encode listen help" -s h -l help -d 'Print help'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and not __fish_seen_subcommand_from connect decode encode listen help" -f -a "connect" -d 'Connect to a Socket.IO server and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and not __fish_seen_subcommand_from connect decode encode listen help" -f -a "decode" -d 'Tell what each character of a packet means'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and not __fish_seen_subcommand_from connect decode encode listen help" -f -a "encode" -d 'Make a packet, and tell what each character means'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and not __fish_seen_subcommand_from connect decode encode listen help" -f -a "listen" -d 'Serve Socket.IO clients of every version'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and not __fish_seen_subcommand_from connect decode encode listen help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l eio -d 'The version of Engine.IO: 4 is of Socket.IO 3 and 4, 3 of Socket.IO 1 and 2; auto tries 4, then 3' -r -f -a "auto\t'4, and 3 where that is not understood'
4\t'Socket.IO 3 and 4'
3\t'Socket.IO 1 and 2'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l transport -d 'What carries it: polling that moves to a WebSocket where the server offers it, or only one of the two' -r -f -a "auto\t'Polling, then a WebSocket'
polling\t'Requests of HTTP only'
websocket\t'A WebSocket from the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l path -d 'Where the server has Socket.IO' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l namespace -d 'Enter this namespace; may be repeated. Events go to the first [default: /]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l auth -d 'Say this when entering a namespace: a JSON object' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l parser -d 'How packets are written, which both ends must know' -r -f -a "json\t'Text, and attachments beside it'
msgpack\t'One binary message: socket.io-msgpack-parser'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -s H -l header -d 'Add this header to each request; may be repeated. One that is sent anyway is replaced' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l cookie -d 'Send this cookie; may be repeated. Those that the server sets are sent too' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l ack -d 'Acknowledge events of this name at once; may be repeated. An array has the arguments, anything else is the only one' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l ask-timeout -d 'How long an acknowledgement may take that /ask waits for [default: for ever]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l retries -d 'Ask for an acknowledgement of each event, and say it again up to N times until it comes; each may take --ask-timeout' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l reconnect-attempts -d 'Give up connecting again after N failed attempts in a row [default: no limit]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l reconnect-delay -d 'The first wait before connecting again and the longest; it doubles from one to the other, and luck makes it up to a half longer or shorter' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l bind -d 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l connect-timeout -d 'Give up connecting after this long, all addresses together' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l proxy -d 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l proxy-ca -d 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l ca -d 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server\'s own can be among them' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l pin -d 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l sni -d 'Ask for the server of this name, and verify it [default: the host]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l demo -d 'Start a server of the same protocol in this process that echoes events and acknowledges them, and connect to it'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l no-reconnect -d 'Do not connect again after the connection was lost'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l tls -d 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system\'s trusted roots'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l insecure -d 'Accept any certificate: whoever is on the way can read and change everything'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from decode" -l eio -d 'The version of Engine.IO: 4 is of Socket.IO 3 and 4, 3 of Socket.IO 1 and 2' -r -f -a "4\t'Servers ping, packets of a body are separated'
3\t'Clients ping, packets of a body are counted'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from decode" -l parser -d 'How packets are written, which both ends must know' -r -f -a "json\t'Text, and attachments beside it'
msgpack\t'One binary message: socket.io-msgpack-parser'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from decode" -s o -l output -d 'The form: human, raw, json or none [default: human; of encode on a pipe, raw]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from decode" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from decode" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -l type -d 'What the packet is' -r -f -a "event\t'A name and arguments'
ack\t'The answer to an event'
connect\t'Enter a namespace'
disconnect\t'Leave one'
connect-error\t'Not let in'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -l namespace -d 'Where' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -l id -d 'Ask for an acknowledgement with this number, or answer the event that had it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -l transport -d 'What carries it' -r -f -a "websocket\t'One packet a message'
polling\t'All in one body'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -l eio -d 'The version of Engine.IO: 4 is of Socket.IO 3 and 4, 3 of Socket.IO 1 and 2' -r -f -a "4\t'Servers ping, packets of a body are separated'
3\t'Clients ping, packets of a body are counted'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -l parser -d 'How packets are written, which both ends must know' -r -f -a "json\t'Text, and attachments beside it'
msgpack\t'One binary message: socket.io-msgpack-parser'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -s o -l output -d 'The form: human, raw, json or none [default: human; of encode on a pipe, raw]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from encode" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l max-peers -d 'So many connections at a time; one more is answered 503' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l path -d 'What the path of requests begins with' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l transport -d 'What may carry sessions' -r -f -a "auto\t'Polling, then a WebSocket'
polling\t'Requests of HTTP only'
websocket\t'A WebSocket from the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l parser -d 'How packets are written, which both ends must know' -r -f -a "json\t'Text, and attachments beside it'
msgpack\t'One binary message: socket.io-msgpack-parser'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l ping-interval -d 'From one ping to the next' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l ping-timeout -d 'A client that does not answer a ping for so long is gone' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l max-payload -d 'The largest body and WebSocket message, in bytes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l upgrade-timeout -d 'How long the move to a WebSocket may take' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l connect-timeout -d 'How long a client may take to enter its first namespace' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l ack-timeout -d 'How long an acknowledgement that we ask for may take' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l recovery -d 'Clients that come back within this time get what they missed. Each event then has an offset as its last argument' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l namespace -d 'Have this namespace beside the main one; may be repeated, and `*` stands for anything' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l auth-token -d 'Let in only who says this: `auth: { token: "TOKEN" }`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l deny-event -d 'Pass over events of this name; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l on -d 'Answer events of this name with another: `hello=["welcome",1]`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l ack -d 'Acknowledge events of this name with these arguments, if they ask for it: `save=[{"ok":true}]`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l on-exec -d 'Run a program for each event of this name: `save=./save.sh`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l on-exec-timeout -d 'How long such a program may run; then it is ended, and whatever it has started in its group' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l reply -d 'What becomes of every other event' -r -f -a "none\t'Nothing'
echo\t'It is said back; one that asks is acknowledged with its own arguments'
broadcast\t'Everybody else in its namespace hears it'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l fault -d 'Let something go wrong, to see what clients do about it; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l allow-origin -d 'Pages of this origin may ask too; may be repeated, `*` is any' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l host -d 'We are called by this name too; may be repeated. Without, a name must be localhost or an address' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l backlog -d 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l ca -d 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l crl -d 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l cert -d 'Show this certificate; a PEM file, with the certificates between it and its root' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l key -d 'The certificate\'s private key, PEM; an encrypted one\'s password is asked for [default: in the file of --cert]' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l key-password-file -d 'The password of the private key is the first line of this file' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l alpn -d 'Protocols that may be spoken inside, the best first: `h2,http/1.1`' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l handshake-timeout -d 'Give up the handshake after this long [default: 10s]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l allow -d 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l deny -d 'These may not, even if they are allowed; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l access-file -d 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l accept-rate-per-address -d 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l accept-rate -d 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l sndbuf -d 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l rcvbuf -d 'The size of the receive buffer' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l ttl -d 'How many routers a packet may pass [default: the kernel\'s, 64]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l tos -d 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l device -d 'Send and hear through this interface only' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l mark -d 'Mark the packets with this number for the routes and firewall rules of this machine' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l keepalive -d 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel\'s choice' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l mss -d 'The largest segment, in bytes, each way' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l user-timeout -d 'Give up when what was sent stays unacknowledged for this long [default: the kernel\'s, about 15 minutes]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l exec -d 'Run this program for each conversation: it reads what is heard and says what it writes' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l framing -d 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]' -r -f -a "lines\t''
chunks\t''
nul\t''
blank\t''
json\t''
file\t''
length2\t''
length4\t''
length8\t''
length2-le\t''
length4-le\t''
length8-le\t''
tagged\t''"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l newline -d 'Line ends on the wire' -r -f -a "as-is\t'Bytes are left alone'
crlf\t'A lone LF is sent as CRLF, and CRLF is heard as LF'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l say -d 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l count -d 'End with success after hearing this many messages, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l expect -d 'End with success once this text was heard, with exit code 8 if the conversation ends first' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l max-message -d 'The largest message that is heard whole' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l at-eof -d 'What to do at the end of stdin' -r -f -a "half-close\t'End our direction (FIN), go on hearing'
close\t'Close both directions once everything is sent'
stay\t'Nothing: stay until the peer ends'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l linger -d 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l idle -d 'End when nothing was said or heard for this long' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l input -d 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\\n`, `\\xHH`), `file:PATH`; without a size or number it goes on for ever' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l message-size -d 'Cut what is read into messages of this size, whatever --framing puts around them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l rate -d 'Say at most so many bytes of input a second' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l delay -d 'Wait this long between messages of input, as --framing or --message-size make them' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l digest -d 'At the end, give digests of the bytes said and heard, so that two ends can compare' -r -f -a "sha256\t'FIPS 180-4; what `sha256sum` prints'
sha512\t'FIPS 180-4; what `sha512sum` prints'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l expect-digest -d 'End with exit code 8 unless what was heard has this digest; implies --digest' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l progress -d 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile' -r -f -a "auto\t'On a terminal, for a single conversation that carries much'
always\t'From the first second on; in lines of their own where stderr is no terminal'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l record -d 'Write every record to this file, one JSON object a line' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l diagram -d 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l eio3 -d 'Take clients of Socket.IO 1 and 2 (Engine.IO 3) too'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l reuse-port -d 'Share the port with others that say so too; the kernel gives each peer to one of them'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l tls -d 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l nodelay -d 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l fastopen -d 'Let data go with the SYN: of a client, what --say or TLS says first'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l mptcp -d 'Speak Multipath TCP with peers that do, and plain TCP with others'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l shell -d 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l pty -d 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l events -d 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l send-only -d 'Say what stdin says and show nothing of what is heard'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l recv-only -d 'Do not read stdin'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l stats -d 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -l step -d 'Wait for Enter between the stages of opening and closing; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Connect to a Socket.IO server and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from help" -f -a "decode" -d 'Tell what each character of a packet means'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from help" -f -a "encode" -d 'Make a packet, and tell what each character means'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from help" -f -a "listen" -d 'Serve Socket.IO clients of every version'
complete -c sockeye -n "__fish_sockeye_using_subcommand sio; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l connect-timeout -d 'Give a port up that has not answered for so long; the kernel asks again after 1s, for a packet may be lost' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l parallel -d 'So many connections at a time; never more than this process may have' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l connect-rate -d 'Connect so often: 100/s, 600/m [default: 500/s, which a home router bears; this machine\'s own loopback at will]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l banner -d 'Wait so long for what an open port\'s server says by itself, and show it; nothing is said to it' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l resolve -d 'The name has this address, whatever the resolver says; may be repeated' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l retry -d 'Try again until it opens, at most this long; exit code 5 if it does not' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -s 4 -d 'Only IPv4'
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -s 6 -d 'Only IPv6'
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l all-addresses -d 'Scan every address of the name, and tell of each by itself'
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l act -d 'Begin with this act' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l wire-delay -d 'How long each packet takes [default: no time, or 300ms after g]' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l drop -d 'The wire loses this packet; the first has number 1' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l reorder -d 'The wire lets this packet go behind the next one of its side' -r
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l report -d 'Write the lesson as it ran to this file, as a page' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -s o -l output -d 'The form of what is shown' -r -f -a "human\t'Two columns, client and server'
json\t'One JSON object per act'
markdown\t'Markdown, to be kept'"
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l lang -d 'The language [default: that of LANG, if it is one of these, or en]' -r -f -a "en\t'English'
ko\t'Korean, where it is translated'"
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l no-pause -d 'Wait for no key'
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l wire -d 'Show each packet on a wire that is slow, and may lose it (`tcp`, `udp`)'
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -l glossary -d 'Explain the words that the lessons use'
complete -c sockeye -n "__fish_sockeye_using_subcommand learn" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -l diagram -d 'Draw the sequence of what happened into this file: .svg, .txt, or .mmd for Mermaid' -r -F
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -s o -l output -d 'The form of what is heard [default: human on a terminal, raw on a pipe]' -r -f -a "human\t'For people: direction, size, colour; control characters escaped'
raw\t'The payload and nothing else'
hex\t'Offsets, bytes and characters, both directions'
json\t'One JSON object per record'
none\t'Nothing'"
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Always'
never\t'Never'"
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -l timestamps -d 'Put the time before each line of the human view' -r -f -a "off\t'None'
clock\t'Local time of day'
relative\t'Since the start'"
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -s q -l quiet -d 'Say nothing on stderr but errors'
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -s v -l verbose -d 'Show the steps below the messages'
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -l explain -d 'Explain each step; implies -v'
complete -c sockeye -n "__fish_sockeye_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "tcp" -d 'A byte stream over the network'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "udp" -d 'Datagrams over the network'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "unix" -d 'Sockets inside this machine'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "vsock" -d 'A byte stream between a virtual machine and its host'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "ws" -d 'Messages over the web\'s own sockets'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "http" -d 'News by HTTP: polling, long polling, streaming, server-sent events'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "compare" -d 'Tell news in every style, side by side, and measure what each costs'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "sio" -d 'Events over WebSocket or HTTP polling'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "scan" -d 'Tell which TCP ports of a host are open'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "learn" -d 'Lessons: a real client and a real server, one step at a time'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "replay" -d 'Show a recorded session again, in any view'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "completions" -d 'Print the completion script for a shell'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and not __fish_seen_subcommand_from tcp udp unix vsock ws http compare sio scan learn replay completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from tcp" -f -a "connect" -d 'Connect to a TCP endpoint and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from tcp" -f -a "listen" -d 'Listen for TCP connections'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from tcp" -f -a "ping" -d 'Connect again and again, and tell how long it takes'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from udp" -f -a "connect" -d 'Send datagrams to a UDP endpoint and hear its answers'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from udp" -f -a "listen" -d 'Hear datagrams from any peer and answer'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from unix" -f -a "connect" -d 'Connect to a Unix socket and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from unix" -f -a "listen" -d 'Listen on a Unix socket'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from vsock" -f -a "connect" -d 'Connect to a virtual machine, or from one to its host, and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from vsock" -f -a "listen" -d 'Listen for connections from the host, or from its virtual machines'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from ws" -f -a "connect" -d 'Connect to a WebSocket and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from ws" -f -a "listen" -d 'Listen for WebSocket connections'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from http" -f -a "poll" -d 'Ask again and again, and tell what has changed'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from http" -f -a "long-poll" -d 'Ask, and be answered when there is something'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from http" -f -a "stream" -d 'Hear an answer that goes on'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from http" -f -a "sse" -d 'Hear server-sent events'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from http" -f -a "listen" -d 'Serve news in every style: polling, long polling, streaming, SSE and WebSocket'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from sio" -f -a "connect" -d 'Connect to a Socket.IO server and talk'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from sio" -f -a "decode" -d 'Tell what each character of a packet means'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from sio" -f -a "encode" -d 'Make a packet, and tell what each character means'
complete -c sockeye -n "__fish_sockeye_using_subcommand help; and __fish_seen_subcommand_from sio" -f -a "listen" -d 'Serve Socket.IO clients of every version'
