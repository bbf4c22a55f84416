//! What is pinged, and how often.

use super::sockets::{First, speaks_first};
use super::talk::look;
use super::tls::{self, Over};
use super::{Demo, Plan, Target, Terminal, destination, network};
use crate::cli::{Output, TcpPing};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::frame::Framing;
use crate::ping::Rules;
use crate::transport::{Dial, To, tcp};
use crate::view::{Look, Talk as Talkativeness};

/// Pings.
pub struct Ping {
    /// Where to.
    pub to: Target,
    /// How often.
    pub rules: Rules,
    /// How they are shown.
    pub look: Look,
}

pub(super) fn ping(options: TcpPing, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let TcpPing { target, count, interval, network, tls, ip, tcp, show } = options;
    let by_scheme = tls::is_asked_by(target.address.first());
    let tls = tls::client(tls, by_scheme, Over::Host, environment)?;
    let (target, route) = destination(&target, &network, tls.is_some(), environment)?;
    let network = self::network(network, ip, &tcp, route)?;
    let asks = tls.is_some() || !network.route.is_direct();
    speaks_first(&network.options, if asks { First::Us } else { First::Whoever })?;
    let to = match target {
        None => Target::Demo(Demo::Tcp { network, tls }),
        Some(target) => Target::Endpoint(Dial {
            to: To::Tcp(tcp::Dial { target, network }),
            tls,
            ws: None,
            http: None,
            sio: None,
            retry: None,
        }),
    };
    let normal = if terminal.stdout.is_terminal() { Talkativeness::Normal } else { Talkativeness::Terse };
    let look = look(&show, Framing::Chunks, normal, terminal);
    if look.output == Output::Hex {
        return Err(Failure::usage("--output hex: a ping hears no messages", "use human, raw, json or none"));
    }
    Ok(Plan::Ping(Box::new(Ping { to, rules: Rules { count, interval }, look })))
}
