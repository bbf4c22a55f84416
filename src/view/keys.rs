//! Single keys of a terminal, without Enter and without an echo. The terminal's mode is put back in the end.

use std::io::{self, Read as _};
use std::thread;

use tokio::sync::mpsc;

use super::terminal::Terminal;

/// Takes keys from stdin's terminal while it lives.
pub struct Keys {
    terminal: Terminal,
    pressed: mpsc::Receiver<u8>,
}

impl Keys {
    /// From now on keys come here.
    pub fn new() -> io::Result<Self> {
        let terminal = Terminal::capture()?;
        terminal.prepare()?;
        let (sender, pressed) = mpsc::channel(16);
        thread::Builder::new().name("keys".to_owned()).spawn(move || {
            // Ends with the terminal, or after the first key that nobody wants.
            for key in io::stdin().lock().bytes().map_while(Result::ok) {
                if sender.blocking_send(key).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { terminal, pressed })
    }

    /// The next key; `None` when no more can come. Cancel-safe.
    pub async fn next(&mut self) -> Option<u8> {
        self.pressed.recv().await
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.terminal.restore();
    }
}
