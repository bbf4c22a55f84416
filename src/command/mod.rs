//! The commands: one file each.

mod aside;
mod compare;
pub mod completions;
mod demo;
mod learn;
mod listen;
mod measure;
mod ping;
mod readiness;
mod replay;
mod scan;
mod sio;
mod stage;
mod talk;

use tokio::runtime::{Builder, Runtime};

use crate::exit::{Exit, Failure, words};
use crate::plan::{Peers, Plan};
use crate::view::screen;

/// Carries a plan out.
pub fn run(plan: Plan) -> Result<Exit, Failure> {
    match plan {
        Plan::Connect(connection, talk) => on(Builder::new_current_thread(), talk::connect(connection, *talk)),
        // One peer needs one thread; many share the cores.
        Plan::Listen(bind, service) if service.peers == Peers::Once => {
            on(Builder::new_current_thread(), listen::listen(bind, *service))
        }
        Plan::Listen(bind, service) => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(workers(bind.tls.is_some()));
            on(builder, listen::listen(bind, *service))
        }
        Plan::Ping(ping) => on(Builder::new_current_thread(), ping::ping(*ping)),
        Plan::Compare(compare) => on(Builder::new_current_thread(), compare::compare(*compare)),
        Plan::CompareWeb(web) => on(Builder::new_multi_thread(), compare::web(*web)),
        Plan::Scan(scan) => on(Builder::new_current_thread(), scan::scan(*scan)),
        Plan::Learn(mut plan) => {
            // While there is one thread.
            let apart = learn::go_apart(&mut plan);
            on(Builder::new_current_thread(), learn::learn(*plan, apart))
        }
        Plan::Decode(packets) => sio::decode(&packets),
        Plan::Encode(packet) => sio::encode(&packet),
        Plan::Replay(file, look, diagram) => {
            let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
            replay::replay(&file, &look, diagram.as_ref(), &mut out, &mut err).map(|()| Exit::Complete)
        }
        Plan::Completions(shell) => match screen::print(completions::script(shell)) {
            Ok(()) => Ok(Exit::Complete),
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::BrokenStdout),
            Err(error) => Err(Failure::new(Exit::Io, format!("write stdout: {}", words(&error)))),
        },
    }
}

/// How many threads share the peers. One core is the session's and the screen's, which run beside them, and with that an
/// echo is handed to no other thread; handshakes of TLS need every core.
fn workers(tls: bool) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if tls { cores } else { (cores - 1).max(1) }
}

fn on(mut builder: Builder, task: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime: Runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Io, format!("start the runtime: {}", words(&error))))?;
    let result = runtime.block_on(task);
    // A name lookup cannot be cancelled; nobody waits for one that is no longer needed.
    runtime.shutdown_background();
    result
}

/// Lets this process have as many descriptors as the system allows without asking; so many, if there is a limit.
fn raise_descriptor_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current
}
