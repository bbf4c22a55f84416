//! Moving bytes inside the kernel, where Linux can.

use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, fstat, sendfile};
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, splice};

/// The most an unprivileged process may make a pipe hold (`/proc/sys/fs/pipe-max-size`), in bytes.
const PIPE: usize = 1 << 20;
/// The most one `sendfile()` moves, in bytes.
const SENDFILE: usize = 0x7fff_f000;

/// A way to move bytes that does not pass through this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZeroCopy {
    /// One end is a pipe: its pages change hands.
    Splice,
    /// The source is a regular file: its cached pages are sent as they are.
    Sendfile,
}

impl ZeroCopy {
    /// The way from this descriptor to a socket, if there is one.
    pub(super) fn from(source: BorrowedFd<'_>) -> Option<Self> {
        match file_type(source)? {
            FileType::Fifo => {
                widen(source);
                Some(Self::Splice)
            }
            FileType::RegularFile => Some(Self::Sendfile),
            _ => None,
        }
    }

    /// The way from a socket to this descriptor, if there is one. A larger pipe measures no better here.
    pub(super) fn to(target: BorrowedFd<'_>) -> Option<Self> {
        (file_type(target)? == FileType::Fifo).then_some(Self::Splice)
    }

    /// Moves what can be moved now; 0 at the end of the source, `AGAIN` if nothing can be moved.
    ///
    /// Never `SPLICE_F_MORE`: like `TCP_CORK` it holds the last bytes back for 200 ms.
    pub(super) fn step(self, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<usize, Errno> {
        match self {
            Self::Splice => splice(from, None, to, None, PIPE, SpliceFlags::NONBLOCK),
            Self::Sendfile => sendfile(to, from, None, SENDFILE),
        }
    }
}

/// Makes a pipe as large as it may be, so that it takes fewer calls and fewer turns to fill and to empty.
pub(super) fn widen(fd: BorrowedFd<'_>) {
    if fcntl_getpipe_size(fd).is_ok_and(|size| size < PIPE) {
        // Refused when this user's pipes are many; then it stays as it is.
        let _ = fcntl_setpipe_size(fd, PIPE);
    }
}

fn file_type(fd: BorrowedFd<'_>) -> Option<FileType> {
    fstat(fd).ok().map(|stat| FileType::from_raw_mode(stat.st_mode))
}
