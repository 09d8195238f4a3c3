//! Files: bytes that are no table, cells that are formulas or terminal commands, limits.

use piperoll::moving::held::Held;
use piperoll::moving::mapping::{Constants, Mapping};
use piperoll::moving::read::{ReadError, read_bytes};
use piperoll::moving::reading::{Finding, Reading};
use piperoll::moving::table::TableError;
use piperoll_events::EntityRef;
use piperoll_events::ids::{LedgerId, LedgerName};

const MAPPING: &str = r#"
[file]
[holds]
kind = "snapshot"
parts = ["figures", "targets"]
[known_at]
from = "file_name"
format = "%Y-%m-%d.csv"
[code]
columns = ["Code"]
[period]
columns = ["Period"]
forms = ["financial_quarter"]
[[breakdown]]
taxonomy = "area"
columns = ["Area"]
all = [""]
[[figure]]
value = { columns = ["Value"], blank = "nothing" }
rating = { columns = ["Rating"], blank = "nothing" }
commentary = { columns = ["Words"], blank = "nothing" }
[[target]]
level = { columns = ["Target"], blank = "nothing" }
shape = { default = "point" }
"#;
const HEAD: &str = "Code,Period,Area,Value,Rating,Words,Target\n";

fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
    let mapping = Mapping::parse("mapping.toml", MAPPING.as_bytes()).unwrap();
    read_bytes("2024-05-17.csv", bytes, &mapping, &Constants::default())
}

/// What is wrong with these bytes.
#[track_caller]
fn wrong(bytes: &[u8]) -> Vec<Finding> {
    match read(bytes) {
        Err(ReadError::Wrong { findings, .. }) => findings.kept().to_vec(),
        Err(ReadError::Table(TableError::Wrong(_, finding))) => vec![*finding],
        other => panic!("{other:?}"),
    }
}

fn row(cells: &str) -> Vec<u8> {
    format!("{HEAD}{cells}\n").into_bytes()
}

/// What a terminal or a spreadsheet would act on.
fn harmless(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c))
}

#[test]
fn a_sound_row_is_read() {
    assert_eq!(read(&row("C1,Q1 2023/24,North,5,Green,As planned,6")).unwrap().rows.len(), 1);
}

#[test]
fn a_wrong_cell_has_a_code_that_stays() {
    let long = format!("C1,Q1 2023/24,,5,{},,", "x".repeat(501));
    let longest = format!("C1,Q1 2023/24,,5,,{},", "x".repeat(20_001));
    for (cells, problem) in [
        ("C1,Q1 2023/24,,five,,,", "number"),
        ("C1,Q1 2023/24,,1e5,,,", "number"),
        ("C1,Q1 2023/24,,NaN,,,", "number"),
        ("C1,Q1 2023/24,,99999999999999999999999999999,,,", "number"),
        ("C1,Q5 2023/24,,5,,,", "period"),
        ("C1,Q1 2023/25,,5,,,", "period"),
        ("C1,29 February 2023,,5,,,", "period"),
        ("C1,Q1 2023/24,,=1+1,,,", "looks_like_formula"),
        ("C1,Q1 2023/24,,5,=HYPERLINK(A1),,", "looks_like_formula"),
        ("C1,Q1 2023/24,,5,+cmd,,", "looks_like_formula"),
        ("C1,Q1 2023/24,,5,-cmd,,", "looks_like_formula"),
        ("C1,Q1 2023/24,,5,@SUM(A1),,", "looks_like_formula"),
        ("=C1,Q1 2023/24,,5,,,", "code"),
        ("C1,Q1 2023/24,,5,,,=6", "looks_like_formula"),
        (&long, "text"),
        (&longest, "text"),
        ("C1,Q1 2023/24,,5,Gr\u{1b}[31meen,,", "text"),
        ("C1,Q1 2023/24,,5,Gr\u{202E}een,,", "text"),
        ("C1,Q1 2023/24,,5,,wor\u{202E}ds,", "text"),
        ("C1,Q1 2023/24,,5,\"Gr\neen\",,", "text"),
        ("C\u{1b}1,Q1 2023/24,,5,,,", "code"),
        ("C1,Q1 2023/24,,5,,", "cells_in_row"),
        ("C1,Q1 2023/24,,5,,,,more", "cells_in_row"),
    ] {
        let found = wrong(&row(cells));
        assert!(found.iter().any(|f| f.problem == problem), "{cells:.60}: {found:?}");
        for finding in &found {
            let (value, wrong) = (&finding.value, &finding.wrong);
            assert!(
                harmless(value) && harmless(wrong) && value.chars().count() < 70,
                "{finding:?}"
            );
        }
    }
}

#[test]
fn words_that_begin_like_a_formula_are_kept_as_text_and_reported() {
    let reading = read(&row("C1,Q1 2023/24,,5,,=cmd|' /C calc'!A0,")).unwrap();
    let odd: Vec<_> = reading.warnings.iter().map(|f| (f.line, f.problem)).collect();
    assert_eq!(odd, [(2, "looks_like_formula")]);
}

#[test]
fn a_code_that_looks_like_a_subject_never_becomes_part_of_one() {
    let name: LedgerName = "northmoor".parse().unwrap();
    for code in ["C1.>", "*", "a.b.c", "C1 Nats-Rollup: all", "../../C1"] {
        let reading = read(&row(&format!("{code},Q1 2023/24,,5,,,"))).unwrap();
        let row = reading.rows.find(0).unwrap();
        let key = row.measure.as_str();
        let held = Held::new(LedgerId::derived(&["l"]));
        let id = held.id_for(&row.measure);
        let subject = EntityRef::from(id).subject(&name);
        let last = subject.strip_prefix("piperoll.northmoor.measure.").unwrap();
        assert!(
            last.len() == 32 && last.bytes().all(|b| b.is_ascii_hexdigit()),
            "{key}: {subject}"
        );
    }
}

#[test]
fn one_key_twice_is_refused_with_both_lines() {
    let found = wrong(&row("C1,Q1 2023/24,,5,,,\nC1,Q1 2023/24,,6,,,"));
    let twice = found.iter().find(|f| f.problem == "duplicate_key");
    assert!(twice.is_some_and(|f| f.line == 3 && f.wrong.contains("line 2")), "{found:?}");
}

#[test]
fn bytes_that_are_no_table_are_refused() {
    let sound = row("C1,Q1 2023/24,,5,,,");
    let with = |more: &[u8]| [&sound[..], more].concat();
    let quoted = format!("C1,Q1 2023/24,,5,,\"{}\",\n", "x".repeat(262_145));
    for (bytes, problem) in [
        (with(b"C1,Q2 2023/24,,5,\x81,,\n"), "invalid_bytes"),
        (with(b"C1,Q2 2023/24,,5,caf\xC3\xA9,,\nC1,Q3 2023/24,,5,\xE9,,\n"), "mixed_encodings"),
        (with(b"C1,Q2\0 2023/24,,5,,,\n"), "nul"),
        (with(b"C1,Q2 2023/24,,5,,\"never closed,\n"), "quote_never_closed"),
        (with(quoted.as_bytes()), "cell_too_long"),
        (b"Code,Period,Area,Value,Rating,Words,Target,Value\n".to_vec(), "column_twice"),
        (b"Code,Period\n".to_vec(), "column_missing"),
    ] {
        let found = wrong(&bytes);
        assert!(found.iter().any(|f| f.problem == problem), "{problem}: {found:?}");
    }
}

#[test]
fn a_mapping_with_a_key_of_its_own_is_refused_with_its_line() {
    for (from, to) in [
        ("kind = \"snapshot\"", "kind = \"snapshoot\""),
        ("shape = {", "shapes = {"),
        ("[[figure]]", "[[figur]]"),
        ("taxonomy = \"area\"", "taxonomy = \"area\"\ntaxonomy = \"area\""),
        ("[file]", "[file]\nheading_row = 1.5"),
        ("[file]", "[file]\nheading_row = 99999999999999999999"),
    ] {
        let text = MAPPING.replacen(from, to, 1);
        let error = Mapping::parse("mapping.toml", text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("line "), "{to}: {error}");
    }
    let error = Mapping::parse("mapping.toml", b"[file]\n\xFF").unwrap_err().to_string();
    assert!(error.contains("not UTF-8"), "{error}");
}
