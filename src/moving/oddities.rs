//! What is odd in real files, each as a test on a few lines quoted from them.

use proptest::prelude::*;

use super::mapping::{Constants, Mapping};
use super::read::{ReadError, read_bytes};
use super::reading::*;

const ONS: &str = include_str!("../../tests/mappings/ons.toml");
const HART: &str = include_str!("../../tests/mappings/hart.toml");
const LGBF: &str = include_str!("../../tests/mappings/lgbf.toml");
const LGBF_RAW: &str = include_str!("../../tests/mappings/lgbf-raw.toml");
const PLAIN: &str = r#"
[file]
[holds]
kind = "snapshot"
parts = ["figures"]
[code]
columns = ["code"]
[period]
columns = ["period"]
forms = ["calendar_year"]
[[figure]]
value = { columns = ["value"] }
commentary = { columns = ["note"], optional = true, blank = "nothing" }
"#;

fn mapping(toml: &str) -> Mapping {
    Mapping::parse("test", toml.as_bytes()).unwrap()
}

fn constants(pairs: &[(&str, &str)]) -> Constants {
    let values = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Constants { values: values.collect(), known_at: None }
}

fn plain(text: impl AsRef<[u8]>) -> Result<Reading, ReadError> {
    read_bytes("file.csv", text.as_ref(), &mapping(PLAIN), &Constants::default())
}

fn ons(indicator: &str, text: &str) -> Reading {
    let given = constants(&[("indicator", indicator)]);
    read_bytes("2021-06-15T093037_a8d0.csv", text.as_bytes(), &mapping(ONS), &given).unwrap()
}

fn hart(rows: &str) -> Reading {
    let given = constants(&[
        ("last_year", "FY2013"),
        ("last_quarter", "FY2014-Q1"),
        ("this_quarter", "FY2014-Q2"),
        ("target_year", "FY2014"),
    ]);
    let head =
        "kpi,name,notes,last_year,last_quarter,this_quarter,target,status_code,service,unit\n";
    read_bytes("h.csv", format!("{head}{rows}\n").as_bytes(), &mapping(HART), &given).unwrap()
}

fn figures(reading: &Reading) -> Vec<String> {
    let all = reading.rows.iter().flat_map(|row| {
        let figure = |statement| match statement {
            Statement::Figure(f) => Some((row.measure.clone(), f)),
            _ => None,
        };
        row.statements.into_iter().filter_map(figure).collect::<Vec<_>>()
    });
    all.map(|(measure, f)| {
        let value = match f.value {
            Said::Silent => "silent".to_owned(),
            Said::Nothing => "none".to_owned(),
            Said::Value(value) => value.to_string(),
        };
        format!("{measure} {} [{}] {value}", f.period, f.breakdown)
    })
    .collect()
}

fn targets(reading: &Reading) -> Vec<Option<piperoll_events::Target>> {
    let all = reading.rows.iter().flat_map(|row| row.statements);
    all.filter_map(|statement| match statement {
        Statement::Target { target, .. } => Some(target),
        _ => None,
    })
    .collect()
}

#[track_caller]
fn wrong(result: Result<Reading, ReadError>) -> Vec<(u64, &'static str)> {
    match result {
        Ok(reading) => unreachable!("it was read: {reading:?}"),
        Err(ReadError::Wrong { findings, .. }) => {
            findings.kept().iter().map(|found| (found.line, found.problem)).collect()
        }
        Err(ReadError::Table(super::table::TableError::Wrong(_, found))) => {
            vec![(found.line, found.problem)]
        }
        Err(other) => unreachable!("{other}"),
    }
}

#[test]
fn a_row_that_says_there_is_no_data_yet_is_a_declared_absence_and_no_period() {
    let reading = ons("17-6-1", "Year,Value\r\nThere is no data for this indicator yet,\r\n");
    let state = piperoll_events::submission::no_value_declared::NoValue::AwaitingSource;
    assert_eq!(
        reading.rows.find(0).unwrap().statements,
        [Statement::NoValue { period: None, state }]
    );
    assert_eq!(reading.rows.find(0).unwrap().line, 2);
}

#[test]
fn two_units_under_one_code_are_two_measures_and_a_key_held_twice_keeps_the_later() {
    let reading = ons(
        "17-6-1",
        "Year,Speed (mb/sec),Units,Unit multiplier,Observation status,Value\n\
        2019,10 mbps and over,Rate per 100 population,Units,Undefined,38.3\n\
        2019,Between 256 kbps and 2 mbps,Number,Units,Undefined,0.0\n\
        2019,Between 256 kbps and 2 mbps,Number,Units,Undefined,267883.0\n",
    );
    assert_eq!(
        figures(&reading),
        [
            "17-6-1 2019 [speed=10_mbps_and_over] 38.3",
            "17-6-1/number 2019 [speed=between_256_kbps_and_2_mbps] 267883.0",
        ]
    );
    assert_eq!((reading.rows_read, reading.refused[0].line), (3, 3));
    assert_eq!(reading.refused[0].code, "duplicate_key");
    assert!(reading.warnings.iter().any(|found| found.problem == "duplicate_key"));
}

#[test]
fn a_column_may_have_any_of_its_names_but_no_other() {
    let text = |name: &str| {
        format!(
            "Year,{name},Unit multiplier,Units,Observation status,Value\n\
        2008,10 Mbps and over,Units,Number,Estimated value,9\n"
        )
    };
    let found = figures(&ons("17-6-1", &text("Speed (Mb/sec)")));
    assert_eq!(found, figures(&ons("17-6-1", &text("Speed (mb/sec)"))));
    let given = constants(&[("indicator", "17-6-1")]);
    let name = "2021-06-15T093037_x.csv";
    let other = read_bytes(name, text("Speed").as_bytes(), &mapping(ONS), &given);
    assert_eq!(wrong(other), [(1, "column_not_read")]);
}

#[test]
fn every_way_of_writing_a_span_of_financial_years_is_one_period() {
    let head = "Year,Income/Expenditure,Income,Value\n";
    for (text, meant) in [
        ("2001/02 - 2006/07", "FY2001..FY2006"),
        ("200102  - 200607", "FY2001..FY2006"),
        ("2002/03-2007/08", "FY2002..FY2007"),
        ("2001 - 2006", "FY2001..FY2006"),
    ] {
        let reading = ons("10-1-1", &format!("{head}{text},Expenditure,Bottom 40%,1.64\n"));
        let due = format!("10-1-1 {meant} [income_group=bottom_40; measured_by=expenditure] 1.64");
        assert_eq!(figures(&reading), [due]);
    }
}

#[test]
fn a_renamed_series_keeps_its_breakdown() {
    let reading = ons(
        "10-1-1",
        "Year,Series,Income group,Observation status,Unit multiplier,Units,Value\n\
        2002/03-2007/08,Growth rates of household income per capita,,Normal value,Units,Percentage (%),1.69\n",
    );
    assert_eq!(figures(&reading), ["10-1-1 FY2002..FY2007 [measured_by=income] 1.69"]);
}

#[test]
fn a_multiplier_that_was_not_expected_is_never_read_over() {
    let text = "Year,Unit measure,Unit multiplier,Observation status,Value\n\
        1972,Percentage change (%),Thousands,Undefined,4.0\n";
    let given = constants(&[("indicator", "8-2-1")]);
    let found = read_bytes("2021-06-15T093037_x.csv", text.as_bytes(), &mapping(ONS), &given);
    assert_eq!(wrong(found), [(2, "unexpected")]);
}

#[test]
fn codes_with_spaces_other_case_and_other_padding_are_one_measure() {
    let read = |code: &str| {
        let text = format!(
            "\u{feff}Code,Period,Data Type,Scotland Value,Scotland Numerator,\
            Scotland Denominator\n{code},2010-11,Real_Annual,4.3749,198956051.70000002,45459818.0\n"
        );
        let name = "2023-08-25_x.csv";
        read_bytes(name, text.as_bytes(), &mapping(LGBF_RAW), &Constants::default()).unwrap()
    };
    for code in ["C&L 01", "C&L1", "c&l01", " C&L 1 "] {
        let reading = read(code);
        assert_eq!(reading.rows.find(0).unwrap().measure, MeasureKey::new("C&L01"), "{code}");
        assert_eq!(reading.rows.find(0).unwrap().code_as_written, code.trim());
        assert_eq!(reading.encoding.as_str(), "UTF-8 with byte order mark");
    }
    assert_eq!(read("CORP-ASSET1").rows.find(0).unwrap().measure, MeasureKey::new("CORP-ASSET01"));
}

#[test]
fn rows_in_cash_terms_are_left_out_and_counted() {
    let text = "Code,Period,Data Type,Scotland Value,Scotland Numerator,Scotland Denominator\n\
        C&L 01,2010-11,Cash_Annual,3.55,1,2\nC&L 01,2010-11,Real_Annual,4.37,1,2\n";
    let name = "2023-08-25_x.csv";
    let reading =
        read_bytes(name, text.as_bytes(), &mapping(LGBF_RAW), &Constants::default()).unwrap();
    assert_eq!((reading.rows_read, reading.rows.len(), reading.refused.len()), (2, 1, 1));
    assert_eq!(reading.refused[0].code, "other_series");
    assert_eq!(
        reading.rows.find(0).unwrap().known_at.unwrap().to_rfc3339(),
        "2023-08-25T22:59:59.999999+00:00"
    );
}

fn lgbf(rows: &str) -> Result<Reading, ReadError> {
    let head = "vintage_at,commit,commit_subject,code,period,field,change_kind,previous,value,\
        ranking_type\n";
    let text = format!("{head}{rows}\n");
    read_bytes("l.csv", text.as_bytes(), &mapping(LGBF), &Constants::default())
}

#[test]
fn a_span_is_read_for_the_measures_named_and_a_year_for_the_others() {
    let row = |code: &str, period: &str| {
        lgbf(&format!("2021-06-21T11:36:40+01:00,c,s,{code},{period},value,added,,1.5,"))
    };
    assert_eq!(figures(&row("ENV04B", "2010-12").unwrap()), ["ENV04B FY2010..FY2011 [] 1.5"]);
    assert_eq!(figures(&row("CHN10", "2010-14").unwrap()), ["CHN10 FY2010..FY2013 [] 1.5"]);
    assert_eq!(figures(&row("CHN01", "2010-11").unwrap()), ["CHN01 FY2010 [] 1.5"]);
    assert_eq!(figures(&row("SW08", "2018-19;Q1").unwrap()), ["SW08 FY2018-Q1 [] 1.5"]);
    assert_eq!(figures(&row("ECON05", "2023;April").unwrap()), ["ECON05 2023-04 [] 1.5"]);
    assert_eq!(wrong(row("CHN01", "2010-12")), [(2, "period")]);
    assert_eq!(wrong(row("ENV04B", "2010-11")), [(2, "period")]);
}

#[test]
fn a_list_of_changes_speaks_of_one_part_and_withdraws_it() {
    let reading = lgbf(
        "2023-08-11T15:59:57+01:00,c,s,C&L01,2019-20,num,revised,1,2,\n\
        2023-08-11T15:59:57+01:00,c,s,C&L01,2018-19,value,withdrawn,1,,",
    )
    .unwrap();
    let row = reading.rows.find(0).unwrap();
    let Statement::Figure(part) = &row.statements[0] else { unreachable!() };
    assert!(part.value.is_silent() && part.numerator.value().is_some());
    assert_eq!(figures(&reading)[1], "C&L01 FY2018 [] none");
    assert_eq!(reading.complete_for, Completeness::Changes);
}

#[test]
fn a_figure_divided_by_a_hundred_is_odd_and_not_refused() {
    let reading = lgbf(
        "2021-06-21T11:36:40+01:00,c,s,CHN19A,2010-11,value,added,,93.1,\n\
        2021-09-21T08:40:12+01:00,c,s,CHN19A,2010-11,value,revised,93.1,0.931,",
    )
    .unwrap();
    assert_eq!(reading.warnings.len(), 1);
    assert_eq!((reading.warnings[0].line, reading.warnings[0].problem), (3, "hundred_times"));
}

#[test]
fn a_target_of_nought_is_none_where_the_rating_is_grey_and_real_where_it_is_red() {
    let reading = hart(
        "LS05,Summary of Projects status,No notes,0,-28,-28,0,lr,Leisure,\n\
        RB09,Time taken,No notes,9.1,9.4,9.4,0,lu,Finance,\n\
        SNH03,Domestic Abuse incidents, ,1284,376,376,,ld,Safer,",
    );
    let found = targets(&reading);
    let zero = piperoll_events::Target::standing(piperoll_events::Quantity::ZERO);
    assert_eq!(found, [Some(zero), None, None]);
    assert_eq!(figures(&reading)[2], "LS05 FY2014-Q2 [] -28");
}

#[test]
fn a_blank_figure_is_none_and_a_nought_after_a_figure_is_kept_and_odd() {
    let reading = hart(
        "ETS01,Missed,No notes,401,,,40,lr,ETS,\n\
        IT06,Uptime,No notes,100,99.6,0,98,lg,IT,%",
    );
    assert_eq!(
        figures(&reading),
        [
            "ETS01 FY2013 [] 401",
            "ETS01 FY2014-Q1 [] none",
            "ETS01 FY2014-Q2 [] none",
            "IT06 FY2013 [] 100",
            "IT06 FY2014-Q1 [] 99.6",
            "IT06 FY2014-Q2 [] 0",
        ]
    );
    assert_eq!(reading.warnings[0].problem, "zero_after_non_zero");
    let Completeness::Snapshot(extent) = &reading.complete_for else { unreachable!() };
    assert!(matches!(&extent.periods, PeriodScope::Named(periods) if periods.len() == 3));
}

#[test]
fn a_measure_mapped_as_a_profile_gives_the_point_of_the_quarter() {
    let reading = hart("HR11,Working Days Lost,No notes,17,2.7,2.7,3.15,lr,HR,");
    let target = targets(&reading).remove(0).unwrap();
    assert_eq!(target.level, None);
    assert_eq!(target.points[0].period.to_string(), "FY2014-Q2");
    assert_eq!(target.points[0].level.at.to_string(), "3.15");
    let parts = mapping(HART).asserted(&MeasureKey::new("HR11")).parts;
    assert_eq!(parts.len(), 3);
}

#[test]
fn words_that_mean_no_commentary_are_none_and_the_rating_is_kept_as_reported() {
    let reading =
        hart("CS01,Calls, ,94.8,95.9,95.5,90,lg,CS,%\nCS03,Bins,It rained,1,1,2,2,la,CS,%");
    let last = |row: usize| match &reading.rows.find(row).unwrap().statements[4] {
        Statement::Figure(figure) => figure.clone(),
        other => unreachable!("{other:?}"),
    };
    assert_eq!(last(0).commentary, Said::Nothing);
    assert_eq!(last(1).commentary.value().unwrap().as_str(), "It rained");
    assert_eq!(last(1).rating_as_reported.value().unwrap().as_str(), "la");
}

#[test]
fn the_plan_gives_every_constant_that_the_mapping_needs_and_no_other() {
    let without = read_bytes("h.csv", b"kpi\n", &mapping(HART), &Constants::default());
    assert!(without.unwrap_err().to_string().contains("needs the constant `last_year`"));
    let given = constants(&[("mistake", "2021")]);
    let other = read_bytes("f.csv", b"code,period,value\n", &mapping(PLAIN), &given);
    assert!(other.unwrap_err().to_string().contains("`mistake`, which the mapping does not use"));
}

#[test]
fn a_duplicate_key_is_refused_with_both_lines() {
    let error = plain("code,period,value\nA,2021,1\n\nA,2021,2\n").unwrap_err().to_string();
    assert!(error.contains("A for 2021 stands on line 2 already"), "{error}");
    assert!(error.contains("\n4     "), "{error}");
}

#[test]
fn every_wrong_cell_is_told_and_nothing_is_read() {
    let text = "code,period,value,note\nA,21,1,x\nA,2021,1;5,x\nA,2022,,x\nA,2023,=1+1,x\n\
        B,2021,1,a\u{202e}b\n=cmd,2021,1,x\nB,2022,1\n";
    let due = [
        (2, "period"),
        (3, "number"),
        (4, "blank"),
        (5, "looks_like_formula"),
        (6, "text"),
        (7, "code"),
        (8, "cells_in_row"),
    ];
    assert_eq!(wrong(plain(text)), due);
}

#[test]
fn a_text_that_looks_like_a_formula_is_kept_as_text_with_a_warning() {
    let reading = plain("code,period,value,note\nA,2021,-1,- late data\n").unwrap();
    assert_eq!(reading.warnings[0].problem, "looks_like_formula");
}

#[test]
fn an_encoding_is_found_or_the_line_is_named() {
    let read = |bytes: &[u8]| plain(bytes).unwrap().encoding.to_string();
    assert_eq!(read(b"code,period,value,note\nA,2021,1,caf\xe9 \x80\n"), "windows-1252");
    assert_eq!(read("code,period,value,note\nA,2021,1,Tŵr\n".as_bytes()), "UTF-8");
    let wide: Vec<u8> =
        "\u{feff}code,period,value\nA,2021,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&wide), "UTF-16LE");
    let mixed = b"code,period,value,note\nA,2021,1,T\xc5\xb5r\nB,2021,1,caf\xe9\n";
    assert_eq!(wrong(plain(mixed)), [(3, "mixed_encodings")]);
    assert_eq!(wrong(plain(b"code,period,value,note\nA,2021,1,\x81\n")), [(2, "invalid_bytes")]);
    assert_eq!(wrong(plain(b"code,period,value\nA\0,2021,1\n")), [(2, "nul")]);
    assert_eq!(
        wrong(plain("code,period,value\nA,2021,\"1\nB,2021,1\n")),
        [(2, "quote_never_closed")]
    );
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let text = "code,period,value,note\r\n\r\nA,2021,1,\"two\r\nlines\"\r\nB,21,1,x";
    assert_eq!(wrong(plain(text)), [(5, "period")]);
}

#[test]
fn a_sheet_is_read_with_exact_decimals_and_its_own_row_numbers() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (at, name) in ["code", "period", "value"].iter().enumerate() {
        sheet.write_string(2, u16::try_from(at).unwrap(), *name).unwrap();
    }
    sheet.write_string(3, 0, "A").unwrap().write_number(3, 1, 2021.0).unwrap();
    sheet.write_number(3, 2, 0.1 + 0.2).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let toml = PLAIN.replace("[file]", "[file]\nform = \"xlsx\"\nheading_row = 3");
    let reading = read_bytes("b.xlsx", &bytes, &mapping(&toml), &Constants::default()).unwrap();
    assert_eq!(figures(&reading), ["A 2021 [] 0.30000000000000004"]);
    assert_eq!(reading.rows.find(0).unwrap().line, 4);
}

#[test]
fn a_mistake_in_a_mapping_is_told_with_its_line_and_what_would_be_right() {
    let error = |toml: &str| Mapping::parse("m.toml", toml.as_bytes()).unwrap_err().to_string();
    let told = error(&PLAIN.replace("columns = [\"code\"]", "colums = [\"code\"]"));
    assert!(told.contains("line 7") && told.contains("`colums`, expected one of"), "{told}");
    let told = error(&PLAIN.replace("calendar_year", "year"));
    assert!(told.contains("line 10") && told.contains("`calendar_year`"), "{told}");
    let told =
        error(&PLAIN.replace("[period]\ncolumns = [\"period\"]\nforms = [\"calendar_year\"]", ""));
    assert!(told.contains("key `period`"), "{told}");
}

#[test]
fn a_renumbered_code_names_the_other_measure_from_its_day_on() {
    let toml = PLAIN.replace(
        "columns = [\"code\"]",
        "columns = [\"code\"]\n\
        renumbered = [{ from = \"A\", to = \"B\", on = \"2023-05-25\" }]",
    );
    let read = |at: &str| {
        let known_at = Some(at.parse().unwrap());
        let given = Constants { known_at, ..Constants::default() };
        let text = b"code,period,value\nA,2021,1\n";
        read_bytes("f.csv", text, &mapping(&toml), &given).unwrap().rows.find(0).unwrap().measure
    };
    assert_eq!(read("2023-05-24T22:59:59Z"), MeasureKey::new("B"));
    assert_eq!(read("2023-05-24T23:00:00Z"), MeasureKey::new("A"));
}

#[test]
fn custom_spans_that_overlap_are_refused() {
    let toml = PLAIN.replace("calendar_year", "custom");
    let text = b"code,period,value\nA,2021-01-01..2021-01-31,1\nA,2021-01-31..2021-02-28,2\n";
    let found = read_bytes("f.csv", text, &mapping(&toml), &Constants::default());
    assert_eq!(wrong(found), [(3, "periods_overlap")]);
}

#[test]
fn more_cells_than_an_event_holds_are_refused_with_their_count() {
    let toml = PLAIN
        .replace("[[figure]]", "[[breakdown]]\ntaxonomy = \"x\"\ncolumns = [\"x\"]\n[[figure]]");
    let rows: Vec<String> = (0..2000).map(|n| format!("A,2021,{n},group number {n}")).collect();
    let text = format!("code,period,value,x\n{}\n", rows.join("\n"));
    let found = read_bytes("f.csv", text.as_bytes(), &mapping(&toml), &Constants::default());
    assert_eq!(wrong(found), [(2, "submission_too_large")]);
}

#[test]
fn cells_that_do_not_add_up_are_odd_only_where_the_mapping_calls_them_additive() {
    let toml = PLAIN.replace(
        "[[figure]]",
        "[[breakdown]]\ntaxonomy = \"x\"\ncolumns = [\"x\"]\n\
        all = [\"\"]\n[[figure]]",
    );
    let text = b"code,period,value,x\nA,2021,10,\nA,2021,3,a\nA,2021,6,b\n";
    let read = |toml: &str| {
        read_bytes("f.csv", text, &mapping(toml), &Constants::default()).unwrap().warnings
    };
    assert!(read(&toml).is_empty());
    let found = read(&format!("{toml}\n[odd]\nadditive = [\"x\"]\n"));
    assert_eq!((found[0].line, found[0].problem), (2, "cells_unlike_total"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_never_a_crash(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(plain(&bytes).is_ok() || plain(&bytes).is_err());
        let toml = PLAIN.replace("[file]", "[file]\nform = \"xlsx\"");
        let sheet = read_bytes("b.xlsx", &bytes, &mapping(&toml), &Constants::default());
        prop_assert!(sheet.is_err());
        prop_assert!(Mapping::parse("m", &bytes).is_err() || bytes.is_empty());
    }

    #[test]
    fn any_cells_under_a_good_heading_are_all_counted(
        rows in proptest::collection::vec(("[A-C\"=\n ]{0,3}", "(20[0-2][0-9]|.{0,4})", "[-0-9.,\"]{0,4}"), 0..20),
    ) {
        let rows = rows.iter().map(|(code, period, value)| format!("{code},{period},{value}\n"));
        let text = format!("code,period,value\n{}", rows.collect::<Vec<_>>().concat());
        if let Ok(reading) = plain(&text) {
            let counted = reading.rows.len().checked_add(reading.refused.len());
            prop_assert_eq!(reading.rows_read, u64::try_from(counted.unwrap()).unwrap());
        }
    }
}
