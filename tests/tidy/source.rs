//! The files of the checkout, and Rust text with comments and literals told apart from code.

use std::path::{Path, PathBuf};

/// One text file of the checkout.
pub(super) struct File {
    /// Its path from the root, with `/`.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
}

impl File {
    pub(super) fn ends_with(&self, ends: &[&str]) -> bool {
        ends.iter().any(|end| self.path.ends_with(end))
    }

    /// The code of a Rust file: comments and the insides of literals blanked, lines kept.
    pub(super) fn code(&self) -> String {
        parts(&self.text, Part::Code)
    }

    /// The comments of a Rust file: all else blanked, lines kept.
    pub(super) fn comments(&self) -> String {
        parts(&self.text, Part::Comment)
    }
}

/// The root of the checkout.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file that we wrote, sorted; built things, hidden folders and data are left out.
pub(super) fn files() -> Vec<File> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 50, "the checkout was not found at {}", root().display());
    found
}

/// The Rust files among them.
pub(super) fn rust() -> Vec<File> {
    files().into_iter().filter(|file| file.ends_with(&[".rs"])).collect()
}

fn walk(folder: &Path, under: &str, found: &mut Vec<File>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && name != ".github" && name != ".gitignore";
        if hidden || ["target", "__pycache__", "node_modules", "figures"].contains(&name.as_str()) {
            continue;
        }
        let path = if under.is_empty() { name } else { format!("{under}/{name}") };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), &path, found);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            found.push(File { path, text });
        }
    }
}

/// The lines, counted from 1, where `word` stands with no letter, digit or `_` on either side; after
/// a `::` anything may follow.
pub(super) fn lines_with(text: &str, word: &str) -> Vec<usize> {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let open = word.ends_with(':');
    let stands = |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + word.len()..]);
            !inside(before.chars().next_back()) && (open || !inside(after.chars().next()))
        })
    };
    text.lines().enumerate().filter(|(_, line)| stands(line)).map(|(n, _)| n + 1).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

fn parts(text: &str, wanted: Part) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (part, end) = part_from(bytes, at);
        for &byte in &bytes[at..end] {
            out.push(if part == wanted || byte == b'\n' { byte } else { b' ' });
        }
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What begins at `at`, and where it ends.
fn part_from(bytes: &[u8], at: usize) -> (Part, usize) {
    let rest = &bytes[at..];
    let until = |needle: &[u8], from: usize| {
        let found = rest[from..].windows(needle.len()).position(|w| w == needle);
        found.map_or(bytes.len(), |n| at + from + n + needle.len())
    };
    if rest.starts_with(b"//") {
        let end = rest.iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n);
        return (Part::Comment, end);
    }
    if rest.starts_with(b"/*") {
        return (Part::Comment, until(b"*/", 2));
    }
    let word_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    let raw = rest.strip_prefix(b"b").unwrap_or(rest);
    if let (Some(tail), false) = (raw.strip_prefix(b"r"), word_before) {
        let hashes = tail.iter().take_while(|&&b| b == b'#').count();
        if tail.get(hashes) == Some(&b'"') {
            let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
            return (Part::Literal, until(&close, rest.len() - tail.len() + hashes + 1));
        }
    }
    match rest[0] {
        b'"' => (Part::Literal, at + quoted(rest, b'"')),
        b'\'' if rest.get(1) == Some(&b'\\') => (Part::Literal, at + quoted(rest, b'\'')),
        // One character of up to four bytes, then the closing mark; otherwise a lifetime.
        b'\'' => match rest.iter().skip(2).take(4).position(|&b| b == b'\'') {
            Some(n) if n == 0 || rest[1] >= 0x80 => (Part::Literal, at + n + 3),
            _ => (Part::Code, at + 1),
        },
        _ => (Part::Code, at + 1),
    }
}

fn quoted(rest: &[u8], close: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != close {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

#[test]
fn code_comments_and_literals_are_told_apart() {
    let text = "let a = \"// no\"; // yes \"x\"\nlet c = '\"'; let r = r#\"sleep(\"#; f::<'a>(); /* z */ g";
    let file = File { path: String::new(), text: text.to_owned() };
    assert!(!file.code().contains("no") && !file.code().contains("sleep("));
    assert!(file.code().contains("f::<'a>();") && file.code().contains(" g"));
    assert!(file.comments().contains("yes \"x\"") && file.comments().contains(" z "));
    assert_eq!(lines_with("ab\na b\nab_", "ab"), [1]);
    assert_eq!(lines_with("ab::c\nxab::c", "ab::"), [1]);
}
