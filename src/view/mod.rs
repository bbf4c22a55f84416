//! Views: what records look like. A view turns a record into bytes and does nothing else; the screen decides where
//! they go.

use std::io;

use crate::event::Record;

/// Shows what happens.
pub trait View: Send {
    /// Appends what this record looks like to `out`; nothing if this view does not show it.
    fn show(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()>;

    /// Appends whatever is still to be said at the end.
    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let _ = out;
        Ok(())
    }
}
