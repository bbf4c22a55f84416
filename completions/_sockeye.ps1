
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'sockeye' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'sockeye'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'sockeye' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('tcp', 'tcp', [CompletionResultType]::ParameterValue, 'A byte stream over the network')
            [CompletionResult]::new('udp', 'udp', [CompletionResultType]::ParameterValue, 'Datagrams over the network')
            [CompletionResult]::new('unix', 'unix', [CompletionResultType]::ParameterValue, 'Sockets inside this machine')
            [CompletionResult]::new('vsock', 'vsock', [CompletionResultType]::ParameterValue, 'A byte stream between a virtual machine and its host')
            [CompletionResult]::new('ws', 'ws', [CompletionResultType]::ParameterValue, 'Messages over the web''s own sockets')
            [CompletionResult]::new('sio', 'sio', [CompletionResultType]::ParameterValue, 'Events over WebSocket or HTTP polling')
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Tell which TCP ports of a host are open')
            [CompletionResult]::new('learn', 'learn', [CompletionResultType]::ParameterValue, 'Lessons: a real client and a real server, one step at a time')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Show a recorded session again, in any view')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;tcp' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a TCP endpoint and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for TCP connections')
            [CompletionResult]::new('ping', 'ping', [CompletionResultType]::ParameterValue, 'Connect again and again, and tell how long it takes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;tcp;connect' {
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this long, all addresses together')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'The name has this address, whatever the resolver says; may be repeated')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first')
            [CompletionResult]::new('--proxy-ca', '--proxy-ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server''s own can be among them')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Ask for the server of this name, and verify it [default: the host]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How many routers a packet may pass [default: the kernel''s, 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Send and hear through this interface only')
            [CompletionResult]::new('--mark', '--mark', [CompletionResultType]::ParameterName, 'Mark the packets with this number for the routes and firewall rules of this machine')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel''s choice')
            [CompletionResult]::new('--mss', '--mss', [CompletionResultType]::ParameterName, 'The largest segment, in bytes, each way')
            [CompletionResult]::new('--user-timeout', '--user-timeout', [CompletionResultType]::ParameterName, 'Give up when what was sent stays unacknowledged for this long [default: the kernel''s, about 15 minutes]')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again until it opens, at most this long; exit code 5 if it does not')
            [CompletionResult]::new('--reconnect', '--reconnect', [CompletionResultType]::ParameterName, 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'What becomes of input while there is no connection')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Start an echo server of the same protocol in this process and connect to it')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system''s trusted roots')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate: whoever is on the way can read and change everything')
            [CompletionResult]::new('--nodelay', '--nodelay', [CompletionResultType]::ParameterName, 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]')
            [CompletionResult]::new('--fastopen', '--fastopen', [CompletionResultType]::ParameterName, 'Let data go with the SYN: of a client, what --say or TLS says first')
            [CompletionResult]::new('--mptcp', '--mptcp', [CompletionResultType]::ParameterName, 'Speak Multipath TCP with peers that do, and plain TCP with others')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;tcp;listen' {
            [CompletionResult]::new('--max-peers', '--max-peers', [CompletionResultType]::ParameterName, 'So many peers at a time; one more is turned away')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'What to do by itself with what a peer says')
            [CompletionResult]::new('--slow', '--slow', [CompletionResultType]::ParameterName, 'What becomes of a peer that has not read for a second what all are told')
            [CompletionResult]::new('--accept-timeout', '--accept-timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 if no peer comes within this time')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]')
            [CompletionResult]::new('--backlog', '--backlog', [CompletionResultType]::ParameterName, 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated')
            [CompletionResult]::new('--deny', '--deny', [CompletionResultType]::ParameterName, 'These may not, even if they are allowed; may be repeated')
            [CompletionResult]::new('--access-file', '--access-file', [CompletionResultType]::ParameterName, 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on')
            [CompletionResult]::new('--accept-rate-per-address', '--accept-rate-per-address', [CompletionResultType]::ParameterName, 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once')
            [CompletionResult]::new('--accept-rate', '--accept-rate', [CompletionResultType]::ParameterName, 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How many routers a packet may pass [default: the kernel''s, 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Send and hear through this interface only')
            [CompletionResult]::new('--mark', '--mark', [CompletionResultType]::ParameterName, 'Mark the packets with this number for the routes and firewall rules of this machine')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel''s choice')
            [CompletionResult]::new('--mss', '--mss', [CompletionResultType]::ParameterName, 'The largest segment, in bytes, each way')
            [CompletionResult]::new('--user-timeout', '--user-timeout', [CompletionResultType]::ParameterName, 'Give up when what was sent stays unacknowledged for this long [default: the kernel''s, about 15 minutes]')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Take one peer and end with it')
            [CompletionResult]::new('--reuse-port', '--reuse-port', [CompletionResultType]::ParameterName, 'Share the port with others that say so too; the kernel gives each peer to one of them')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said')
            [CompletionResult]::new('--nodelay', '--nodelay', [CompletionResultType]::ParameterName, 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]')
            [CompletionResult]::new('--fastopen', '--fastopen', [CompletionResultType]::ParameterName, 'Let data go with the SYN: of a client, what --say or TLS says first')
            [CompletionResult]::new('--mptcp', '--mptcp', [CompletionResultType]::ParameterName, 'Speak Multipath TCP with peers that do, and plain TCP with others')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;tcp;ping' {
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End after so many [default: until it is interrupted]')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'From the start of one to the start of the next')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this long, all addresses together')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'The name has this address, whatever the resolver says; may be repeated')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first')
            [CompletionResult]::new('--proxy-ca', '--proxy-ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server''s own can be among them')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Ask for the server of this name, and verify it [default: the host]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How many routers a packet may pass [default: the kernel''s, 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Send and hear through this interface only')
            [CompletionResult]::new('--mark', '--mark', [CompletionResultType]::ParameterName, 'Mark the packets with this number for the routes and firewall rules of this machine')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel''s choice')
            [CompletionResult]::new('--mss', '--mss', [CompletionResultType]::ParameterName, 'The largest segment, in bytes, each way')
            [CompletionResult]::new('--user-timeout', '--user-timeout', [CompletionResultType]::ParameterName, 'Give up when what was sent stays unacknowledged for this long [default: the kernel''s, about 15 minutes]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Start an echo server of the same protocol in this process and connect to it')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system''s trusted roots')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate: whoever is on the way can read and change everything')
            [CompletionResult]::new('--nodelay', '--nodelay', [CompletionResultType]::ParameterName, 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]')
            [CompletionResult]::new('--fastopen', '--fastopen', [CompletionResultType]::ParameterName, 'Let data go with the SYN: of a client, what --say or TLS says first')
            [CompletionResult]::new('--mptcp', '--mptcp', [CompletionResultType]::ParameterName, 'Speak Multipath TCP with peers that do, and plain TCP with others')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;tcp;help' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a TCP endpoint and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for TCP connections')
            [CompletionResult]::new('ping', 'ping', [CompletionResultType]::ParameterValue, 'Connect again and again, and tell how long it takes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;tcp;help;connect' {
            break
        }
        'sockeye;tcp;help;listen' {
            break
        }
        'sockeye;tcp;help;ping' {
            break
        }
        'sockeye;tcp;help;help' {
            break
        }
        'sockeye;udp' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Send datagrams to a UDP endpoint and hear its answers')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Hear datagrams from any peer and answer')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;udp;connect' {
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this long, all addresses together')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'The name has this address, whatever the resolver says; may be repeated')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first')
            [CompletionResult]::new('--proxy-ca', '--proxy-ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How many routers a packet may pass [default: the kernel''s, 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Send and hear through this interface only')
            [CompletionResult]::new('--mark', '--mark', [CompletionResultType]::ParameterName, 'Mark the packets with this number for the routes and firewall rules of this machine')
            [CompletionResult]::new('--join', '--join', [CompletionResultType]::ParameterName, 'Hear this group, at this interface or where the routes lead: 239.1.2.3, 239.1.2.3%eth0, `ff02::fb%eth0`; may be repeated')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Of these groups, hear only what this address sends; may be repeated')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Send to the group through this interface, by its name or its address')
            [CompletionResult]::new('--multicast-ttl', '--multicast-ttl', [CompletionResultType]::ParameterName, 'How many routers a datagram to a group may pass [default: none, 1 stays in the network]')
            [CompletionResult]::new('--multicast-loop', '--multicast-loop', [CompletionResultType]::ParameterName, 'Whether members of the group on this machine hear it too [default: on]')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Start an echo server of the same protocol in this process and connect to it')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--broadcast', '--broadcast', [CompletionResultType]::ParameterName, 'Send to everybody in a network: 255.255.255.255 or the last address of one')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;udp;listen' {
            [CompletionResult]::new('--reply-to', '--reply-to', [CompletionResultType]::ParameterName, 'Who gets what stdin says')
            [CompletionResult]::new('--expiry', '--expiry', [CompletionResultType]::ParameterName, 'Forget a peer that has been silent this long')
            [CompletionResult]::new('--max-peers', '--max-peers', [CompletionResultType]::ParameterName, 'So many peers at a time; one more is turned away')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'What to do by itself with what a peer says')
            [CompletionResult]::new('--slow', '--slow', [CompletionResultType]::ParameterName, 'What becomes of a peer that has not read for a second what all are told')
            [CompletionResult]::new('--accept-timeout', '--accept-timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 if no peer comes within this time')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated')
            [CompletionResult]::new('--deny', '--deny', [CompletionResultType]::ParameterName, 'These may not, even if they are allowed; may be repeated')
            [CompletionResult]::new('--access-file', '--access-file', [CompletionResultType]::ParameterName, 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on')
            [CompletionResult]::new('--accept-rate-per-address', '--accept-rate-per-address', [CompletionResultType]::ParameterName, 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once')
            [CompletionResult]::new('--accept-rate', '--accept-rate', [CompletionResultType]::ParameterName, 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How many routers a packet may pass [default: the kernel''s, 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Send and hear through this interface only')
            [CompletionResult]::new('--mark', '--mark', [CompletionResultType]::ParameterName, 'Mark the packets with this number for the routes and firewall rules of this machine')
            [CompletionResult]::new('--join', '--join', [CompletionResultType]::ParameterName, 'Hear this group, at this interface or where the routes lead: 239.1.2.3, 239.1.2.3%eth0, `ff02::fb%eth0`; may be repeated')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'Of these groups, hear only what this address sends; may be repeated')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Take one peer and end with it')
            [CompletionResult]::new('--reuse-port', '--reuse-port', [CompletionResultType]::ParameterName, 'Share the port with others that say so too; the kernel gives each peer to one of them')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;udp;help' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Send datagrams to a UDP endpoint and hear its answers')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Hear datagrams from any peer and answer')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;udp;help;connect' {
            break
        }
        'sockeye;udp;help;listen' {
            break
        }
        'sockeye;udp;help;help' {
            break
        }
        'sockeye;unix' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a Unix socket and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen on a Unix socket')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;unix;connect' {
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'The type of socket')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Bind our end to this path, so that a datagram peer can answer [default for datagram: an abstract name]')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server''s own can be among them')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Ask for the server of this name, and verify it [default: the host]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again until it opens, at most this long; exit code 5 if it does not')
            [CompletionResult]::new('--reconnect', '--reconnect', [CompletionResultType]::ParameterName, 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'What becomes of input while there is no connection')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Start an echo server of the same protocol in this process and connect to it')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system''s trusted roots')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate: whoever is on the way can read and change everything')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;unix;listen' {
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'The type of socket')
            [CompletionResult]::new('--max-peers', '--max-peers', [CompletionResultType]::ParameterName, 'So many peers at a time; one more is turned away')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'What to do by itself with what a peer says')
            [CompletionResult]::new('--slow', '--slow', [CompletionResultType]::ParameterName, 'What becomes of a peer that has not read for a second what all are told')
            [CompletionResult]::new('--accept-timeout', '--accept-timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 if no peer comes within this time')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]')
            [CompletionResult]::new('--backlog', '--backlog', [CompletionResultType]::ParameterName, 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--allow-uid', '--allow-uid', [CompletionResultType]::ParameterName, 'Only processes of these users may come, by their numbers; may be repeated')
            [CompletionResult]::new('--accept-rate', '--accept-rate', [CompletionResultType]::ParameterName, 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Take one peer and end with it')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;unix;help' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a Unix socket and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen on a Unix socket')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;unix;help;connect' {
            break
        }
        'sockeye;unix;help;listen' {
            break
        }
        'sockeye;unix;help;help' {
            break
        }
        'sockeye;vsock' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a virtual machine, or from one to its host, and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for connections from the host, or from its virtual machines')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;vsock;connect' {
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this long')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server''s own can be among them')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Ask for the server of this name, and verify it [default: the host]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again until it opens, at most this long; exit code 5 if it does not')
            [CompletionResult]::new('--reconnect', '--reconnect', [CompletionResultType]::ParameterName, 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'What becomes of input while there is no connection')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system''s trusted roots')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate: whoever is on the way can read and change everything')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;vsock;listen' {
            [CompletionResult]::new('--max-peers', '--max-peers', [CompletionResultType]::ParameterName, 'So many peers at a time; one more is turned away')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'What to do by itself with what a peer says')
            [CompletionResult]::new('--slow', '--slow', [CompletionResultType]::ParameterName, 'What becomes of a peer that has not read for a second what all are told')
            [CompletionResult]::new('--accept-timeout', '--accept-timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 if no peer comes within this time')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]')
            [CompletionResult]::new('--backlog', '--backlog', [CompletionResultType]::ParameterName, 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--accept-rate', '--accept-rate', [CompletionResultType]::ParameterName, 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Take one peer and end with it')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;vsock;help' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a virtual machine, or from one to its host, and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for connections from the host, or from its virtual machines')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;vsock;help;connect' {
            break
        }
        'sockeye;vsock;help;listen' {
            break
        }
        'sockeye;vsock;help;help' {
            break
        }
        'sockeye;ws' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a WebSocket and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for WebSocket connections')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;ws;connect' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add this header to the request; may be repeated. One that is sent anyway is replaced')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add this header to the request; may be repeated. One that is sent anyway is replaced')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Say that the page of this origin asks')
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Offer this subprotocol; may be repeated, the best first')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Log in (Basic), as `ws://USER:PASSWORD@HOST` does')
            [CompletionResult]::new('--cookie', '--cookie', [CompletionResultType]::ParameterName, 'Send this cookie; may be repeated')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Go where a redirection leads, at most so many times. Logins and cookies do not go to another host')
            [CompletionResult]::new('--deflate', '--deflate', [CompletionResultType]::ParameterName, 'Compress messages, if the other side does it too (permessage-deflate)')
            [CompletionResult]::new('--deflate-level', '--deflate-level', [CompletionResultType]::ParameterName, 'How hard, from 1 to 9')
            [CompletionResult]::new('--deflate-threshold', '--deflate-threshold', [CompletionResultType]::ParameterName, 'Smaller messages are not compressed')
            [CompletionResult]::new('--deflate-window', '--deflate-window', [CompletionResultType]::ParameterName, 'The window that we compress with is 2 to this power, 9 to 15')
            [CompletionResult]::new('--deflate-peer-window', '--deflate-peer-window', [CompletionResultType]::ParameterName, 'The window that the other side is to compress with')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'What stdin''s messages are: text if they are UTF-8, or always one of the two')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Ask the peer this often whether it is there, and how far')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'End if nothing at all comes for this long after a ping')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'What to do by itself with what the peer says')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this long, all addresses together')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'The name has this address, whatever the resolver says; may be repeated')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Go through a proxy: `socks5h://`, `socks5://`, `socks4a://`, `socks4://`, `http://` or `https://` [USER:PASSWORD@]HOST[:PORT]; may be repeated, the nearest first')
            [CompletionResult]::new('--proxy-ca', '--proxy-ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others for `https://` proxies; a PEM file of certificates, may be repeated')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Trust these roots and no others; a PEM file of certificates, may be repeated. The server''s own can be among them')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Accept exactly the certificate with this SHA-256, whatever it says; may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Ask for the server of this name, and verify it [default: the host]')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How many routers a packet may pass [default: the kernel''s, 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Send and hear through this interface only')
            [CompletionResult]::new('--mark', '--mark', [CompletionResultType]::ParameterName, 'Mark the packets with this number for the routes and firewall rules of this machine')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel''s choice')
            [CompletionResult]::new('--mss', '--mss', [CompletionResultType]::ParameterName, 'The largest segment, in bytes, each way')
            [CompletionResult]::new('--user-timeout', '--user-timeout', [CompletionResultType]::ParameterName, 'Give up when what was sent stays unacknowledged for this long [default: the kernel''s, about 15 minutes]')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again until it opens, at most this long; exit code 5 if it does not')
            [CompletionResult]::new('--reconnect', '--reconnect', [CompletionResultType]::ParameterName, 'Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row [N: no limit]. --say is said again each time')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'The first wait before connecting again and the longest; it doubles from one to the other, less up to a half')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'What becomes of input while there is no connection')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Start an echo server of the same protocol in this process and connect to it')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'A server that chooses none of the subprotocols is an error')
            [CompletionResult]::new('--deflate-reset', '--deflate-reset', [CompletionResultType]::ParameterName, 'Compress each message by itself')
            [CompletionResult]::new('--deflate-peer-reset', '--deflate-peer-reset', [CompletionResultType]::ParameterName, 'The other side is to compress each message by itself')
            [CompletionResult]::new('--no-pong', '--no-pong', [CompletionResultType]::ParameterName, 'Answer no ping')
            [CompletionResult]::new('--no-close-reply', '--no-close-reply', [CompletionResultType]::ParameterName, 'Answer no Close')
            [CompletionResult]::new('--no-mask', '--no-mask', [CompletionResultType]::ParameterName, 'Do not mask what is said')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system''s trusted roots')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Accept any certificate: whoever is on the way can read and change everything')
            [CompletionResult]::new('--nodelay', '--nodelay', [CompletionResultType]::ParameterName, 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]')
            [CompletionResult]::new('--fastopen', '--fastopen', [CompletionResultType]::ParameterName, 'Let data go with the SYN: of a client, what --say or TLS says first')
            [CompletionResult]::new('--mptcp', '--mptcp', [CompletionResultType]::ParameterName, 'Speak Multipath TCP with peers that do, and plain TCP with others')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;ws;listen' {
            [CompletionResult]::new('--subprotocol', '--subprotocol', [CompletionResultType]::ParameterName, 'Speak this subprotocol if the client offers it; may be repeated, the best first')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Add this header to the answer; may be repeated')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add this header to the answer; may be repeated')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Pages of this origin may connect too; may be repeated, `*` is any')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'We are called by this name too; may be repeated. Without, a name must be localhost or an address')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Take only who logs in so (Basic)')
            [CompletionResult]::new('--deflate', '--deflate', [CompletionResultType]::ParameterName, 'Compress messages, if the other side does it too (permessage-deflate)')
            [CompletionResult]::new('--deflate-level', '--deflate-level', [CompletionResultType]::ParameterName, 'How hard, from 1 to 9')
            [CompletionResult]::new('--deflate-threshold', '--deflate-threshold', [CompletionResultType]::ParameterName, 'Smaller messages are not compressed')
            [CompletionResult]::new('--deflate-window', '--deflate-window', [CompletionResultType]::ParameterName, 'The window that we compress with is 2 to this power, 9 to 15')
            [CompletionResult]::new('--deflate-peer-window', '--deflate-peer-window', [CompletionResultType]::ParameterName, 'The window that the other side is to compress with')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'What stdin''s messages are: text if they are UTF-8, or always one of the two')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Ask the peer this often whether it is there, and how far')
            [CompletionResult]::new('--ping-timeout', '--ping-timeout', [CompletionResultType]::ParameterName, 'End if nothing at all comes for this long after a ping')
            [CompletionResult]::new('--max-peers', '--max-peers', [CompletionResultType]::ParameterName, 'So many peers at a time; one more is turned away')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'What to do by itself with what a peer says')
            [CompletionResult]::new('--slow', '--slow', [CompletionResultType]::ParameterName, 'What becomes of a peer that has not read for a second what all are told')
            [CompletionResult]::new('--accept-timeout', '--accept-timeout', [CompletionResultType]::ParameterName, 'End with exit code 5 if no peer comes within this time')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input [default: broadcast; none with --reply when stdin is not a terminal]')
            [CompletionResult]::new('--backlog', '--backlog', [CompletionResultType]::ParameterName, 'So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Show this certificate; a PEM file, with the certificates between it and its root')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The certificate''s private key, PEM; an encrypted one''s password is asked for [default: in the file of --cert]')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'The password of the private key is the first line of this file')
            [CompletionResult]::new('--alpn', '--alpn', [CompletionResultType]::ParameterName, 'Protocols that may be spoken inside, the best first: `h2,http/1.1`')
            [CompletionResult]::new('--handshake-timeout', '--handshake-timeout', [CompletionResultType]::ParameterName, 'Give up the handshake after this long [default: 10s]')
            [CompletionResult]::new('--allow', '--allow', [CompletionResultType]::ParameterName, 'Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated')
            [CompletionResult]::new('--deny', '--deny', [CompletionResultType]::ParameterName, 'These may not, even if they are allowed; may be repeated')
            [CompletionResult]::new('--access-file', '--access-file', [CompletionResultType]::ParameterName, 'More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on')
            [CompletionResult]::new('--accept-rate-per-address', '--accept-rate-per-address', [CompletionResultType]::ParameterName, 'So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once')
            [CompletionResult]::new('--accept-rate', '--accept-rate', [CompletionResultType]::ParameterName, 'So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned away')
            [CompletionResult]::new('--sndbuf', '--sndbuf', [CompletionResultType]::ParameterName, 'The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted')
            [CompletionResult]::new('--rcvbuf', '--rcvbuf', [CompletionResultType]::ParameterName, 'The size of the receive buffer')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How many routers a packet may pass [default: the kernel''s, 64]')
            [CompletionResult]::new('--tos', '--tos', [CompletionResultType]::ParameterName, 'How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Send and hear through this interface only')
            [CompletionResult]::new('--mark', '--mark', [CompletionResultType]::ParameterName, 'Mark the packets with this number for the routes and firewall rules of this machine')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT unanswered questions; what is left out is the kernel''s choice')
            [CompletionResult]::new('--mss', '--mss', [CompletionResultType]::ParameterName, 'The largest segment, in bytes, each way')
            [CompletionResult]::new('--user-timeout', '--user-timeout', [CompletionResultType]::ParameterName, 'Give up when what was sent stays unacknowledged for this long [default: the kernel''s, about 15 minutes]')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this program for each conversation: it reads what is heard and says what it writes')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks on a pipe]')
            [CompletionResult]::new('--newline', '--newline', [CompletionResultType]::ParameterName, 'Line ends on the wire')
            [CompletionResult]::new('--say', '--say', [CompletionResultType]::ParameterName, 'Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End with success after hearing this many messages, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with success once this text was heard, with exit code 8 if the conversation ends first')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is heard whole')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('--at-eof', '--at-eof', [CompletionResultType]::ParameterName, 'What to do at the end of stdin')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket: until 5s of silence]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'End when nothing was said or heard for this long')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered), `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever')
            [CompletionResult]::new('--message-size', '--message-size', [CompletionResultType]::ParameterName, 'Cut what is read into messages of this size, whatever --framing puts around them')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Say at most so many bytes of input a second')
            [CompletionResult]::new('--delay', '--delay', [CompletionResultType]::ParameterName, 'Wait this long between messages of input, as --framing or --message-size make them')
            [CompletionResult]::new('--digest', '--digest', [CompletionResultType]::ParameterName, 'At the end, give digests of the bytes said and heard, so that two ends can compare')
            [CompletionResult]::new('--expect-digest', '--expect-digest', [CompletionResultType]::ParameterName, 'End with exit code 8 unless what was heard has this digest; implies --digest')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for more than a second, and nothing else is shown there meanwhile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every record to this file, one JSON object a line')
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--no-page', '--no-page', [CompletionResultType]::ParameterName, 'Serve no page')
            [CompletionResult]::new('--deflate-reset', '--deflate-reset', [CompletionResultType]::ParameterName, 'Compress each message by itself')
            [CompletionResult]::new('--deflate-peer-reset', '--deflate-peer-reset', [CompletionResultType]::ParameterName, 'The other side is to compress each message by itself')
            [CompletionResult]::new('--no-pong', '--no-pong', [CompletionResultType]::ParameterName, 'Answer no ping')
            [CompletionResult]::new('--no-close-reply', '--no-close-reply', [CompletionResultType]::ParameterName, 'Answer no Close')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Take one peer and end with it')
            [CompletionResult]::new('--reuse-port', '--reuse-port', [CompletionResultType]::ParameterName, 'Share the port with others that say so too; the kernel gives each peer to one of them')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said')
            [CompletionResult]::new('--nodelay', '--nodelay', [CompletionResultType]::ParameterName, 'Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]')
            [CompletionResult]::new('--fastopen', '--fastopen', [CompletionResultType]::ParameterName, 'Let data go with the SYN: of a client, what --say or TLS says first')
            [CompletionResult]::new('--mptcp', '--mptcp', [CompletionResultType]::ParameterName, 'Speak Multipath TCP with peers that do, and plain TCP with others')
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Give CMD to `/bin/sh -c`, with pipes, redirections and variables')
            [CompletionResult]::new('--pty', '--pty', [CompletionResultType]::ParameterName, 'Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings, a close')
            [CompletionResult]::new('--send-only', '--send-only', [CompletionResultType]::ParameterName, 'Say what stdin says and show nothing of what is heard')
            [CompletionResult]::new('--recv-only', '--recv-only', [CompletionResultType]::ParameterName, 'Do not read stdin')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'Wait for Enter between the stages of opening and closing; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;ws;help' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a WebSocket and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for WebSocket connections')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;ws;help;connect' {
            break
        }
        'sockeye;ws;help;listen' {
            break
        }
        'sockeye;ws;help;help' {
            break
        }
        'sockeye;sio' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('decode', 'decode', [CompletionResultType]::ParameterValue, 'Tell what each character of a packet means')
            [CompletionResult]::new('encode', 'encode', [CompletionResultType]::ParameterValue, 'Make a packet, and tell what each character means')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;sio;decode' {
            [CompletionResult]::new('--eio', '--eio', [CompletionResultType]::ParameterName, 'The version of Engine.IO: 4 is of Socket.IO 3 and 4, 3 of Socket.IO 1 and 2')
            [CompletionResult]::new('--parser', '--parser', [CompletionResultType]::ParameterName, 'How packets are written, which both ends must know')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form: human, raw, json or none [default: human; of encode on a pipe, raw]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form: human, raw, json or none [default: human; of encode on a pipe, raw]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;sio;encode' {
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'What the packet is')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Where')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Ask for an acknowledgement with this number, or answer the event that had it')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'What carries it')
            [CompletionResult]::new('--eio', '--eio', [CompletionResultType]::ParameterName, 'The version of Engine.IO: 4 is of Socket.IO 3 and 4, 3 of Socket.IO 1 and 2')
            [CompletionResult]::new('--parser', '--parser', [CompletionResultType]::ParameterName, 'How packets are written, which both ends must know')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form: human, raw, json or none [default: human; of encode on a pipe, raw]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form: human, raw, json or none [default: human; of encode on a pipe, raw]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;sio;help' {
            [CompletionResult]::new('decode', 'decode', [CompletionResultType]::ParameterValue, 'Tell what each character of a packet means')
            [CompletionResult]::new('encode', 'encode', [CompletionResultType]::ParameterValue, 'Make a packet, and tell what each character means')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;sio;help;decode' {
            break
        }
        'sockeye;sio;help;encode' {
            break
        }
        'sockeye;sio;help;help' {
            break
        }
        'sockeye;scan' {
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give a port up that has not answered for so long; the kernel asks again after 1s, for a packet may be lost')
            [CompletionResult]::new('--parallel', '--parallel', [CompletionResultType]::ParameterName, 'So many connections at a time; never more than this process may have')
            [CompletionResult]::new('--connect-rate', '--connect-rate', [CompletionResultType]::ParameterName, 'Connect so often: 100/s, 600/m [default: 500/s, which a home router bears; this machine''s own loopback at will]')
            [CompletionResult]::new('--banner', '--banner', [CompletionResultType]::ParameterName, 'Wait so long for what an open port''s server says by itself, and show it; nothing is said to it')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'The name has this address, whatever the resolver says; may be repeated')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again until it opens, at most this long; exit code 5 if it does not')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Only IPv4')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Only IPv6')
            [CompletionResult]::new('--all-addresses', '--all-addresses', [CompletionResultType]::ParameterName, 'Scan every address of the name, and tell of each by itself')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;learn' {
            [CompletionResult]::new('--act', '--act', [CompletionResultType]::ParameterName, 'Begin with this act')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is shown')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is shown')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'The language [default: that of LANG, if it is one of these, or en]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-pause', '--no-pause', [CompletionResultType]::ParameterName, 'Wait for no key')
            [CompletionResult]::new('--glossary', '--glossary', [CompletionResultType]::ParameterName, 'Explain the words that the lessons use')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;replay' {
            [CompletionResult]::new('--diagram', '--diagram', [CompletionResultType]::ParameterName, 'Draw the sequence of what happened into this file: .svg, .txt, or .mmd for Mermaid')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of what is heard [default: human on a terminal, raw on a pipe]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--timestamps', '--timestamps', [CompletionResultType]::ParameterName, 'Put the time before each line of the human view')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the steps below the messages')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain each step; implies -v')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sockeye;help' {
            [CompletionResult]::new('tcp', 'tcp', [CompletionResultType]::ParameterValue, 'A byte stream over the network')
            [CompletionResult]::new('udp', 'udp', [CompletionResultType]::ParameterValue, 'Datagrams over the network')
            [CompletionResult]::new('unix', 'unix', [CompletionResultType]::ParameterValue, 'Sockets inside this machine')
            [CompletionResult]::new('vsock', 'vsock', [CompletionResultType]::ParameterValue, 'A byte stream between a virtual machine and its host')
            [CompletionResult]::new('ws', 'ws', [CompletionResultType]::ParameterValue, 'Messages over the web''s own sockets')
            [CompletionResult]::new('sio', 'sio', [CompletionResultType]::ParameterValue, 'Events over WebSocket or HTTP polling')
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Tell which TCP ports of a host are open')
            [CompletionResult]::new('learn', 'learn', [CompletionResultType]::ParameterValue, 'Lessons: a real client and a real server, one step at a time')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Show a recorded session again, in any view')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sockeye;help;tcp' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a TCP endpoint and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for TCP connections')
            [CompletionResult]::new('ping', 'ping', [CompletionResultType]::ParameterValue, 'Connect again and again, and tell how long it takes')
            break
        }
        'sockeye;help;tcp;connect' {
            break
        }
        'sockeye;help;tcp;listen' {
            break
        }
        'sockeye;help;tcp;ping' {
            break
        }
        'sockeye;help;udp' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Send datagrams to a UDP endpoint and hear its answers')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Hear datagrams from any peer and answer')
            break
        }
        'sockeye;help;udp;connect' {
            break
        }
        'sockeye;help;udp;listen' {
            break
        }
        'sockeye;help;unix' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a Unix socket and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen on a Unix socket')
            break
        }
        'sockeye;help;unix;connect' {
            break
        }
        'sockeye;help;unix;listen' {
            break
        }
        'sockeye;help;vsock' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a virtual machine, or from one to its host, and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for connections from the host, or from its virtual machines')
            break
        }
        'sockeye;help;vsock;connect' {
            break
        }
        'sockeye;help;vsock;listen' {
            break
        }
        'sockeye;help;ws' {
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect to a WebSocket and talk')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Listen for WebSocket connections')
            break
        }
        'sockeye;help;ws;connect' {
            break
        }
        'sockeye;help;ws;listen' {
            break
        }
        'sockeye;help;sio' {
            [CompletionResult]::new('decode', 'decode', [CompletionResultType]::ParameterValue, 'Tell what each character of a packet means')
            [CompletionResult]::new('encode', 'encode', [CompletionResultType]::ParameterValue, 'Make a packet, and tell what each character means')
            break
        }
        'sockeye;help;sio;decode' {
            break
        }
        'sockeye;help;sio;encode' {
            break
        }
        'sockeye;help;scan' {
            break
        }
        'sockeye;help;learn' {
            break
        }
        'sockeye;help;replay' {
            break
        }
        'sockeye;help;completions' {
            break
        }
        'sockeye;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
