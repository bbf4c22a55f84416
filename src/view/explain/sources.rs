//! What explanations and lessons cite is in `sources.txt`, with its title: whoever cites something new looks it up.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// `RFC 6455 §5.2 Base Framing Protocol`, one a line.
const LIST: &str = include_str!("sources.txt");

/// `RFC 6455 §5.2`, or `RFC 6455` for all of it.
type Citation = String;

/// What a text cites: `RFC 6455 §5.4, §5.5.2 and §5.5.3, RFC 9110 §7.8 (Upgrade)`.
fn citations(source: &str) -> BTreeSet<Citation> {
    let mut found = BTreeSet::new();
    for part in source.split("RFC ").skip(1) {
        // Another standard, with sections of its own.
        let part = part.split("HTML").next().unwrap_or_default();
        let number: String = part.chars().take_while(char::is_ascii_digit).collect();
        let section = |text: &str| -> String {
            text.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '.')
                .collect::<String>()
                .trim_matches('.')
                .into()
        };
        let sections: Vec<String> = part.split('§').skip(1).map(section).collect();
        if sections.is_empty() {
            found.insert(format!("RFC {number}"));
        }
        found.extend(sections.iter().map(|section| format!("RFC {number} §{section}")));
    }
    found
}

/// A line of the list, without its title.
fn cited(line: &str) -> Citation {
    let words: Vec<&str> = line.split(' ').collect();
    let last = if words.get(2).is_some_and(|word| word.starts_with('§')) { 3 } else { 2 };
    words[..last].join(" ")
}

/// The files with texts: the explanations, and the lessons in English, of which the others are translations.
fn texts() -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let of = |folder: &str| {
        let entries = fs::read_dir(src.join(folder)).expect(folder);
        entries.map(|entry| entry.expect("a file").path()).collect::<Vec<_>>()
    };
    let lessons =
        of("learn").into_iter().chain(of("learn/wire")).map(|folder| folder.join("en.rs")).filter(|file| file.exists());
    let explanations = of("view/explain").into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs"));
    let explanations = explanations.filter(|file| !file.ends_with("sources.rs"));
    lessons.chain(explanations).chain([src.join("view/explain.rs")]).collect()
}

/// What stands behind `source:` in a file.
fn sources(code: &str) -> Vec<String> {
    let quoted = |rest: &str| rest.split('"').nth(1).unwrap_or_default().to_owned();
    code.split("source: ").skip(1).filter(|rest| rest.starts_with('"')).map(quoted).collect()
}

#[test]
fn what_is_cited_is_in_the_list_and_the_reverse() {
    let listed: BTreeSet<Citation> = LIST.lines().map(cited).collect();
    assert_eq!(listed.len(), LIST.lines().count(), "each is there once");
    assert!(LIST.lines().all(|line| line.len() > cited(line).len() + 1), "each has its title");
    let mut used = BTreeSet::new();
    for file in texts() {
        let code = fs::read_to_string(&file).expect("a file of texts");
        for source in sources(&code) {
            let missing: Vec<Citation> = citations(&source).difference(&listed).cloned().collect();
            assert!(missing.is_empty(), "{}: {missing:?} is not in sources.txt: {source}", file.display());
            used.extend(citations(&source));
        }
    }
    let unused: Vec<&Citation> = listed.difference(&used).collect();
    assert!(unused.is_empty(), "nobody cites {unused:?}");
}

#[test]
fn citations_are_found() {
    let found = citations("listen(2), RFC 6455 §5.4, §5.5.2 and §10.3 (masking), RFC 768, RFC 8446 §C.5.");
    let expected = ["RFC 6455 §10.3", "RFC 6455 §5.4", "RFC 6455 §5.5.2", "RFC 768", "RFC 8446 §C.5"];
    assert_eq!(found, expected.map(str::to_owned).into());
}
