//! Where what we say comes from when it is not typed: stdin, a file, or bytes made here.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, fstat, tell};

use crate::exit::{Exit, Failure, words};
use crate::quantity::parse_size;

/// A source as it is asked for: `--input`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// stdin, where nothing else is asked for.
    #[default]
    Stdin,
    /// `file:PATH`
    File(PathBuf),
    /// Bytes made here.
    Made(Generator),
}

/// Bytes made here: the same in every run and in every version. Each clone begins where the original stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    what: What,
    /// How many bytes are still to come; for ever if `None`.
    left: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Zero,
    /// The numbers of `SplitMix64` from this seed on, each as eight bytes, little endian. `at` bytes are out already.
    Random {
        seed: u64,
        at: u64,
    },
    /// A text again and again; `at` is the place in it.
    Pattern {
        text: Vec<u8>,
        at: usize,
    },
    /// `1\n2\n3\n`… up to `last`; `line` is what is still to come of the line before `next`.
    Lines {
        next: u64,
        last: u64,
        line: Vec<u8>,
    },
}

impl Source {
    /// Opens it, to be read from where it stands.
    pub fn open(&self) -> Result<Supply, Failure> {
        Ok(match self {
            Self::Stdin => {
                let stdin = io::stdin().as_fd().try_clone_to_owned();
                Supply::Descriptor(stdin.map_err(|error| Failure::system("read", "stdin", &error))?)
            }
            Self::File(path) => Supply::Descriptor(open(path)?.into()),
            Self::Made(generator) => Supply::Made(generator.clone()),
        })
    }

    /// How many bytes it has, if that is known beforehand.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        let left = |file: &dyn AsFd| {
            let stat = fstat(file.as_fd()).ok()?;
            let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            let size = u64::try_from(stat.st_size).ok().filter(|_| is_file)?;
            Some(size.saturating_sub(tell(file.as_fd()).ok()?))
        };
        match self {
            Self::Stdin => left(&io::stdin()),
            Self::File(path) => left(&File::open(path).ok()?),
            Self::Made(generator) => generator.left,
        }
    }

    /// Opens it, to be read from its start by many.
    pub fn open_for_each(&self) -> Result<Original, Failure> {
        let file = match self {
            Self::Stdin => {
                let stdin = io::stdin().as_fd().try_clone_to_owned();
                stdin.map_err(|error| Failure::system("read", "stdin", &error))?.into()
            }
            Self::File(path) => open(path)?,
            Self::Made(generator) => return Ok(Original::Made(generator.clone())),
        };
        if !file.metadata().is_ok_and(|file| file.is_file()) {
            return Err(Failure::usage(
                format!("--stdin each: {} is not a regular file", self.name()),
                "only a regular file can be read from its start for every peer",
            ));
        }
        Ok(Original::File(Arc::new(file)))
    }

    /// For messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "stdin".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Made(_) => "input".to_owned(),
        }
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let fail = |error: &io::Error| Failure::new(Exit::Io, format!("open {}: {}", path.display(), words(error)));
    let file = File::open(path).map_err(|error| fail(&error))?;
    if file.metadata().is_ok_and(|file| file.is_dir()) {
        return Err(fail(&ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

const EXPECTED: &str = "expected random:SIZE[@SEED], zero:SIZE, lines:N, pattern:TEXT[*N] or file:PATH";

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, value) = match text.split_once(':') {
            Some((kind, value)) => (kind, Some(value)),
            None => match text.split_once('@') {
                Some((kind, _)) => (kind, None), // random@SEED
                None => (text, None),
            },
        };
        let generator = match (kind, value) {
            ("file", Some(path)) if !path.is_empty() => return Ok(Self::File(path.into())),
            ("zero", size) if text.len() == "zero".len() || size.is_some() => {
                Generator { what: What::Zero, left: size.map(bytes).transpose()? }
            }
            ("random", _) => random(&text["random".len()..])?,
            ("lines", count) if text.len() == "lines".len() || count.is_some() => {
                let last = count.map(number).transpose()?.unwrap_or(u64::MAX);
                Generator { what: What::Lines { next: 1, last, line: Vec::new() }, left: None }
            }
            ("pattern", Some(pattern)) => repeated(pattern)?,
            _ => return Err(EXPECTED.to_owned()),
        };
        Ok(Self::Made(generator))
    }
}

/// `:SIZE@SEED`, of which either may be absent.
fn random(text: &str) -> Result<Generator, String> {
    let (size, seed) = match text.split_once('@') {
        Some((size, seed)) => {
            (size, seed.parse().map_err(|_| "expected a number as the seed, such as random:1MiB@7".to_owned())?)
        }
        None => (text, 0),
    };
    let left = match size.strip_prefix(':') {
        Some(size) => Some(bytes(size)?),
        None if size.is_empty() => None,
        None => return Err(EXPECTED.to_owned()),
    };
    Ok(Generator { what: What::Random { seed, at: 0 }, left })
}

/// `TEXT*N`, with escapes in the text; without a number for ever.
fn repeated(pattern: &str) -> Result<Generator, String> {
    let (text, times) = match pattern.rsplit_once('*') {
        Some((text, digits)) if !digits.is_empty() && !ends_in_backslash(text) => match digits.parse::<u64>() {
            Ok(times) => (text, Some(times)),
            Err(_) => (pattern, None),
        },
        _ => (pattern, None),
    };
    let text = unescape(text)?;
    if text.is_empty() {
        return Err("expected a text to repeat, such as pattern:hello*3".to_owned());
    }
    let left = times.map(|times| times.checked_mul(text.len() as u64).ok_or("more than can be counted")).transpose()?;
    Ok(Generator { what: What::Pattern { text, at: 0 }, left })
}

fn bytes(size: &str) -> Result<u64, String> {
    parse_size(size).map(|size| size as u64)
}

fn number(digits: &str) -> Result<u64, String> {
    digits.parse().map_err(|_| "expected a number of lines, such as lines:1000".to_owned())
}

/// The next character is escaped.
fn ends_in_backslash(text: &str) -> bool {
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

/// `\n`, `\r`, `\t`, `\0`, `\xHH`; before anything that is no letter or digit a backslash takes its meaning away.
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match rest.next() {
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('t') => bytes.push(b'\t'),
            Some('0') => bytes.push(0),
            Some('x') => {
                let digits = rest.as_str().get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(byte.ok_or("expected two hexadecimal digits after \\x")?);
                rest = rest.as_str()[2..].chars();
            }
            Some(c) if !c.is_alphanumeric() => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => return Err("expected n, r, t, 0, xHH or \\ after a backslash".to_owned()),
        }
    }
    Ok(bytes)
}

impl Generator {
    /// Fills the buffer, or as much of it as is left; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let most = self.left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        let room = buffer.len().min(most);
        let buffer = &mut buffer[..room];
        let made = match &mut self.what {
            What::Zero => {
                buffer.fill(0);
                room
            }
            What::Random { seed, at } => {
                random_bytes(*seed, *at, buffer);
                *at = at.wrapping_add(room as u64);
                room
            }
            What::Pattern { text, at } => {
                for byte in &mut *buffer {
                    *byte = text[*at];
                    *at = if *at + 1 == text.len() { 0 } else { *at + 1 };
                }
                room
            }
            What::Lines { next, last, line } => {
                let mut made = 0;
                while made < room {
                    if line.is_empty() {
                        if *next > *last {
                            break;
                        }
                        line.extend_from_slice(format!("{next}\n").as_bytes());
                        *next = next.saturating_add(1);
                    }
                    let part = line.len().min(room - made);
                    buffer[made..made + part].copy_from_slice(&line[..part]);
                    line.drain(..part);
                    made += part;
                }
                made
            }
        };
        if let Some(left) = &mut self.left {
            *left -= made as u64;
        }
        made
    }
}

/// The bytes from `at` on.
fn random_bytes(seed: u64, at: u64, mut buffer: &mut [u8]) {
    let mut index = at / 8;
    let begun = usize::try_from(at % 8).unwrap_or_default();
    if begun > 0 {
        let word = split_mix(seed, index).to_le_bytes();
        let part = (8 - begun).min(buffer.len());
        buffer[..part].copy_from_slice(&word[begun..begun + part]);
        buffer = &mut buffer[part..];
        index += 1;
    }
    let mut words = buffer.chunks_exact_mut(8);
    for word in &mut words {
        word.copy_from_slice(&split_mix(seed, index).to_le_bytes());
        index += 1;
    }
    let rest = words.into_remainder();
    rest.copy_from_slice(&split_mix(seed, index).to_le_bytes()[..rest.len()]);
}

/// The number at this place, from 0, of the sequence of `SplitMix64`: it needs no other number before it.
fn split_mix(seed: u64, index: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(index.wrapping_add(1)));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A source that many can read from its start.
#[derive(Clone, Debug)]
pub enum Original {
    /// A regular file.
    File(Arc<File>),
    /// Bytes made here.
    Made(Generator),
}

impl Original {
    /// All of it.
    #[must_use]
    pub fn copy(&self) -> Supply {
        match self {
            Self::File(file) => Supply::File(file.clone(), 0),
            Self::Made(generator) => Supply::Made(generator.clone()),
        }
    }
}

/// A source that is open.
#[derive(Debug)]
pub enum Supply {
    /// A descriptor, read from where it stands.
    Descriptor(OwnedFd),
    /// A regular file, read from the start, whoever else reads it.
    File(Arc<File>, u64),
    /// Bytes made here.
    Made(Generator),
}

impl Supply {
    /// Reads what there is, once there is something; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Descriptor(fd) => read(fd.as_fd(), buffer),
            Self::File(file, at) => {
                let n = file.read_at(buffer, *at)?;
                *at += n as u64;
                Ok(n)
            }
            Self::Made(generator) => Ok(generator.read(buffer)),
        }
    }

    /// The descriptor that is read from where it stands, if it is one.
    #[must_use]
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Descriptor(fd) => Some(fd.as_fd()),
            Self::File(..) | Self::Made(_) => None,
        }
    }

    /// A person types it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.descriptor().is_some_and(rustix::termios::isatty)
    }
}

/// Reads what there is, once there is something; 0 at the end.
fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::io::read(fd, &mut *buffer).map_err(io::Error::from) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // Another program that shares the descriptor has made it non-blocking.
                let _ = poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], None);
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn generator(text: &str) -> Generator {
        match text.parse() {
            Ok(Source::Made(generator)) => generator,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// All of it, at most so many bytes, read in blocks of this size.
    fn all(text: &str, most: usize, block: usize) -> Vec<u8> {
        let mut generator = generator(text);
        let mut bytes = Vec::new();
        let mut buffer = vec![0xaa; block];
        while bytes.len() < most {
            match generator.read(&mut buffer) {
                0 => break,
                n => bytes.extend_from_slice(&buffer[..n]),
            }
        }
        bytes.truncate(most);
        bytes
    }

    #[test]
    fn each_source_is_exactly_what_it_says() {
        for (text, bytes) in [
            ("zero:3", &b"\0\0\0"[..]),
            ("lines:3", b"1\n2\n3\n"),
            ("lines:0", b""),
            ("pattern:ab*3", b"ababab"),
            ("pattern:ab*0", b""),
            (r"pattern:a\n*2", b"a\na\n"),
            (r"pattern:\x00\xff\0\t\r\\*1", b"\0\xff\0\t\r\\"),
            (r"pattern:a*b*2", b"a*ba*b"),
            (r"pattern:é:\**2", "é:*é:*".as_bytes()),
            (r"pattern:\\*2", b"\\\\"),
        ] {
            assert_eq!(all(text, 1000, 64), bytes, "{text}");
        }
    }

    #[test]
    fn without_a_size_a_source_goes_on() {
        assert_eq!(all("zero", 5000, 64), [0; 5000]);
        assert_eq!(all("pattern:abc", 7, 64), b"abcabca");
        assert_eq!(all(r"pattern:2\*3", 6, 64), b"2*32*3");
        assert_eq!(all("pattern:2*", 4, 64), b"2*2*");
        assert!(all("lines", 100_000, 64).starts_with(b"1\n2\n3\n"));
        assert_eq!(all("random", 5000, 64), all("random:1MiB", 5000, 64));
        assert_eq!(all("random@7", 5000, 64), all("random:1MiB@7", 5000, 64));
    }

    #[test]
    fn random_is_splitmix64() {
        // The reference implementation's first numbers for the seed 1234567.
        let numbers = [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        assert_eq!(all("random:24@1234567", 100, 64), bytes);
        assert_ne!(all("random:24", 100, 64), bytes);
    }

    #[test]
    fn what_is_no_source_is_refused() {
        for text in [
            "",
            "random:",
            "random:x",
            "random:1k@",
            "random:1k@x",
            "randomly",
            "zero:",
            "zero:-1",
            "zero@1",
            "lines:x",
            "lines@2",
            "pattern",
            "pattern:",
            r"pattern:\q",
            r"pattern:\x4",
            r"pattern:\xéé",
            "pattern:\\",
            "pattern:ab*18446744073709551615",
            "file",
            "file:",
            "/etc/passwd",
            "stdin",
        ] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
        assert_eq!("file:a:b".parse(), Ok(Source::File("a:b".into())));
    }

    proptest! {
        #[test]
        fn blocks_make_no_difference(
            text in prop::sample::select(vec!["random@3", "zero", "lines", "pattern:hello", "random:777@9", "lines:99"]),
            block in 1_usize..100,
        ) {
            prop_assert_eq!(all(text, 1500, block), all(text, 1500, 4096));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "(pattern:|random|zero:|lines:|)[\\\\*:@a-fx0-9é]{0,12}") {
            let _ = text.parse::<Source>();
        }
    }
}
