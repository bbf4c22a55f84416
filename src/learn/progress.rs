//! Which lessons were read to their end: a name a line in `sockeye/lessons` of the user's data folder.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// What is remembered between runs.
#[derive(Clone, Debug)]
pub struct Progress {
    file: Option<PathBuf>,
    done: BTreeSet<String>,
}

impl Progress {
    /// Reads it from the user's data folder. Nothing is remembered if there is none.
    pub fn read(data: Option<&Path>) -> io::Result<Self> {
        let file = data.map(|data| data.join("sockeye/lessons"));
        let text = match file.as_ref().map(fs::read_to_string) {
            Some(Ok(text)) => text,
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => String::new(),
        };
        Ok(Self { file, done: text.lines().map(str::to_owned).collect() })
    }

    /// Whether a lesson was read to its end.
    #[must_use]
    pub fn is_done(&self, lesson: &str) -> bool {
        self.done.contains(lesson)
    }

    /// Remembers one.
    pub fn done(&mut self, lesson: &str) -> io::Result<()> {
        if !self.done.insert(lesson.to_owned()) {
            return Ok(());
        }
        let Some(file) = &self.file else { return Ok(()) };
        if let Some(folder) = file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let lines: Vec<&str> = self.done.iter().map(String::as_str).collect();
        fs::write(file, lines.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("not/there/yet");
        let mut progress = Progress::read(Some(&data)).expect("nothing yet");
        assert!(!progress.is_done("tcp"));
        progress.done("udp").expect("written");
        progress.done("tcp").expect("written");
        progress.done("tcp").expect("once is enough");
        let again = Progress::read(Some(&data)).expect("read");
        assert!(again.is_done("tcp") && again.is_done("udp") && !again.is_done("websocket"));
        assert_eq!(fs::read_to_string(data.join("sockeye/lessons")).expect("a file"), "tcp\nudp\n");
        fs::remove_file(data.join("sockeye/lessons")).expect("removed");
        fs::create_dir(data.join("sockeye/lessons")).expect("something else");
        assert!(Progress::read(Some(&data)).is_err(), "what cannot be read is said");
    }
}
