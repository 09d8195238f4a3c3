//! The profile: which JSON a body may be.
//!
//! **Invariant:** a body within the profile means the same to every JSON reader: UTF-8 without a
//! byte order mark, no name twice in one object, whole numbers within ±(2^53 − 1) and nothing
//! after the point (RFC 8259 leaves each of these to the reader; RFC 7493 says why not to).

/// The most bytes of a body.
pub const MOST_BYTES: usize = 256 * 1024;

/// The deepest nesting of arrays and objects.
pub const MOST_DEPTH: usize = 16;

/// The greatest whole number, and the least with its sign turned: 2^53 − 1.
const MOST_INTEGER: u64 = 9_007_199_254_740_991;

/// How a body leaves the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Longer than 256 KiB.
    #[error("the body is longer than 262144 bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Begins with a byte order mark.
    #[error("the body begins with a byte order mark")]
    ByteOrderMark,
    /// Not JSON, or something after it.
    #[error("the body is not one JSON value (byte {0})")]
    NotJson(usize),
    /// One name twice in one object.
    #[error("a name stands twice in one object (byte {0})")]
    DuplicateName(usize),
    /// A number with a point or an exponent.
    #[error("a number is not whole; decimals are written as text (byte {0})")]
    Float(usize),
    /// A number outside ±(2^53 − 1).
    #[error("a number is beyond 2^53 - 1 (byte {0})")]
    HugeInteger(usize),
    /// Nested too deeply.
    #[error("nested more than 16 deep (byte {0})")]
    TooDeep(usize),
}

/// Checks that `body` is within the profile, in one pass; the text that it is.
///
/// # Errors
/// The first thing outside it.
pub fn check(body: &[u8]) -> Result<&str, ProfileError> {
    if body.len() > MOST_BYTES {
        return Err(ProfileError::TooLong);
    }
    if body.starts_with(&[0xEF, 0xBB, 0xBF]) {
        return Err(ProfileError::ByteOrderMark);
    }
    let text = std::str::from_utf8(body).map_err(|_| ProfileError::NotUtf8)?;
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, names: Vec::new() };
    scan.value(0)?;
    scan.blank();
    if scan.at == scan.bytes.len() { Ok(text) } else { Err(ProfileError::NotJson(scan.at)) }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Names of the open objects; each object looks only at those since it began.
    names: Vec<Name<'a>>,
}

enum Name<'a> {
    Plain(&'a [u8]),
    Escaped(String),
}

impl Name<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Name::Plain(bytes) => bytes,
            Name::Escaped(text) => text.as_bytes(),
        }
    }
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.step();
        }
    }

    fn wrong<T>(&self) -> Result<T, ProfileError> {
        Err(ProfileError::NotJson(self.at))
    }

    fn value(&mut self, depth: usize) -> Result<(), ProfileError> {
        if depth > MOST_DEPTH {
            return Err(ProfileError::TooDeep(self.at));
        }
        self.blank();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.wrong(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), ProfileError> {
        self.step();
        let since = self.names.len();
        self.blank();
        if self.peek() == Some(b'}') {
            self.step();
            return Ok(());
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return self.wrong();
            }
            let (start, escaped) = self.string()?;
            let raw = self.bytes.get(start..self.at).unwrap_or_default();
            let name = if escaped {
                let text = serde_json::from_slice(raw);
                Name::Escaped(text.map_err(|_| ProfileError::NotJson(start))?)
            } else {
                let inner = start.saturating_add(1)..self.at.saturating_sub(1);
                Name::Plain(self.bytes.get(inner).unwrap_or_default())
            };
            let seen = self.names.get(since..).unwrap_or_default();
            if seen.iter().any(|other| other.bytes() == name.bytes()) {
                return Err(ProfileError::DuplicateName(start));
            }
            self.names.push(name);
            self.blank();
            if self.peek() != Some(b':') {
                return self.wrong();
            }
            self.step();
            self.value(depth.saturating_add(1))?;
            self.blank();
            match self.peek() {
                Some(b',') => self.step(),
                Some(b'}') => break,
                _ => return self.wrong(),
            }
        }
        self.step();
        self.names.truncate(since);
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), ProfileError> {
        self.step();
        self.blank();
        if self.peek() == Some(b']') {
            self.step();
            return Ok(());
        }
        loop {
            self.value(depth.saturating_add(1))?;
            self.blank();
            match self.peek() {
                Some(b',') => self.step(),
                Some(b']') => break,
                _ => return self.wrong(),
            }
        }
        self.step();
        Ok(())
    }

    /// Passes a string; gives its first byte and whether it holds an escape.
    fn string(&mut self) -> Result<(usize, bool), ProfileError> {
        let start = self.at;
        let mut escaped = false;
        self.step();
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at = self.at.saturating_add(plain(rest));
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.step();
                    self.step();
                }
                _ => return self.wrong(),
            }
        }
        self.step();
        if escaped {
            let raw = self.bytes.get(start..self.at).unwrap_or_default();
            if serde_json::from_slice::<String>(raw).is_err() {
                return Err(ProfileError::NotJson(start));
            }
        }
        Ok((start, escaped))
    }

    fn number(&mut self) -> Result<(), ProfileError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.step();
        }
        let digits = self.at;
        let mut whole: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            whole = whole.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')));
            self.step();
        }
        let length = self.at.saturating_sub(digits);
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return Err(ProfileError::Float(start));
        }
        if length == 0 || (length > 1 && self.bytes.get(digits) == Some(&b'0')) {
            return Err(ProfileError::NotJson(start));
        }
        if whole > MOST_INTEGER { Err(ProfileError::HugeInteger(start)) } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), ProfileError> {
        let end = self.at.saturating_add(word.len());
        if self.bytes.get(self.at..end) == Some(word) {
            self.at = end;
            Ok(())
        } else {
            self.wrong()
        }
    }
}

/// How many bytes a string goes on before one that ends it or must be looked at; eight at a time,
/// since nearly all of a body is within its strings.
fn plain(rest: &[u8]) -> usize {
    let (words, _) = rest.as_chunks::<8>();
    let whole = words.iter().take_while(|word| all_plain(u64::from_le_bytes(**word))).count();
    let passed = whole.saturating_mul(8);
    let after = rest.get(passed..).unwrap_or_default();
    let more = after.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
    passed.saturating_add(more.unwrap_or(after.len()))
}

/// Whether none of eight bytes is a quotation mark, a backslash or a control character (the zero-byte
/// test of Mycroft, 1987: subtracting sets the highest bit of a byte that was too small).
const fn all_plain(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xFF;
    const fn below(word: u64, bound: u64) -> u64 {
        word.wrapping_sub(ONES.wrapping_mul(bound)) & !word & ONES.wrapping_mul(0x80)
    }
    const QUOTES: u64 = ONES.wrapping_mul(0x22);
    const BACKSLASHES: u64 = ONES.wrapping_mul(0x5C);
    below(word, 0x20) | below(word ^ QUOTES, 1) | below(word ^ BACKSLASHES, 1) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_readers_could_read_in_two_ways_is_refused() {
        let cases: [(&[u8], ProfileError); 14] = [
            (b"", ProfileError::NotJson(0)),
            (b"{} {}", ProfileError::NotJson(3)),
            (b"\xEF\xBB\xBF{}", ProfileError::ByteOrderMark),
            (b"\"\xFF\"", ProfileError::NotUtf8),
            (br#"{"a":1,"a":2}"#, ProfileError::DuplicateName(7)),
            (br#"{"a":1,"\u0061":2}"#, ProfileError::DuplicateName(7)),
            (br#"{"b":{"a":1,"a":1}}"#, ProfileError::DuplicateName(12)),
            (b"1.0", ProfileError::Float(0)),
            (b"[1e3]", ProfileError::Float(1)),
            (b"9007199254740992", ProfileError::HugeInteger(0)),
            (b"-9007199254740992", ProfileError::HugeInteger(0)),
            (b"01", ProfileError::NotJson(0)),
            (b"\"\\ud800\"", ProfileError::NotJson(0)),
            (b"[1,]", ProfileError::NotJson(3)),
        ];
        for (body, error) in cases {
            assert_eq!(check(body), Err(error), "{}", String::from_utf8_lossy(body));
        }
        let deep = |n: usize| [b"[".repeat(n), b"]".repeat(n)].concat();
        assert!(check(&deep(17)).is_ok());
        assert_eq!(check(&deep(18)), Err(ProfileError::TooDeep(17)));
        assert_eq!(check(&vec![b' '; MOST_BYTES + 1]), Err(ProfileError::TooLong));
    }

    #[test]
    fn the_same_name_in_two_objects_is_fine() {
        let body = br#"{"a":{"x":1},"b":{"x":[{"x":null}]},"c":-9007199254740991,"d":true}"#;
        assert_eq!(check(body).unwrap().as_bytes(), body);
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_crash(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(check(&body).is_err() || serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }

        #[test]
        fn eight_bytes_at_a_time_find_what_one_at_a_time_finds(bytes in proptest::collection::vec(any::<u8>().prop_map(|byte| if byte > 250 { b'"' } else { byte }), 0..60)) {
            let found = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
            prop_assert_eq!(plain(&bytes), found.unwrap_or(bytes.len()));
            let harmless: Vec<u8> = bytes.iter().map(|byte| byte | 0x80).collect();
            prop_assert_eq!(plain(&harmless), harmless.len());
        }

        #[test]
        fn what_is_within_the_profile_is_json(text in "[\\[\\]{}\",:0-9a-z\\\\ -]{0,60}") {
            if check(text.as_bytes()).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            }
        }
    }
}
