//! The test of the test: two neighbouring vintages change places, and the comparison has to see it,
//! unless what they hold is the same.
//!
//! Every pair in memory, and one pair of each set through the servers.

use chrono::{DateTime, Utc};
use piperoll::moving::open::Source;
use piperoll::moving::reading::ReadRow;
use piperoll_events::{Breakdown, Period};

use super::super::reader::{CellValue, Field, Figures, Vintage, difference, figures};
use super::super::{hart, lgbf, ons};
use super::hart::this_quarter;
use super::memory::{Read, cells};
use super::moved::{Moved, block, move_in, number, plan};
use super::{Found, differences, key};

/// Whether two vintages hold something else.
fn differ(a: &Vintage, b: &Vintage) -> bool {
    !difference(a, &b.cells).is_empty()
        || !difference(b, &a.cells).is_empty()
        || a.absences != b.absences
}

/// What became of a pair: seen, or passed because both hold the same.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pairs {
    seen: usize,
    same: Vec<String>,
}

impl Pairs {
    /// `said`: how what the swapped plan leads to differs from the vintages; or what refused it.
    #[track_caller]
    fn judge(&mut self, a: &Vintage, b: &Vintage, said: &[String]) {
        let pair = format!("{} for {}", a.name, b.name);
        if differ(a, b) {
            assert!(!said.is_empty(), "{pair}: changed places, and nobody saw it");
            self.seen += 1;
        } else {
            assert_eq!(said, Vec::<String>::new(), "{pair}: they hold the same");
            self.same.push(pair);
        }
    }
}

/// Lets two instants change places in everything that the files say.
fn exchange(sources: &mut [Source], a: DateTime<Utc>, b: DateTime<Utc>) {
    let other = |instant: DateTime<Utc>| match instant {
        instant if instant == a => b,
        instant if instant == b => a,
        instant => instant,
    };
    for source in sources {
        if let Some(known_at) = &mut source.part.known_at {
            known_at.0 = other(known_at.0);
        }
        let moved = |row: ReadRow| ReadRow { known_at: row.known_at.map(other), ..row };
        source.reading.rows = source.reading.rows.iter().map(moved).collect();
    }
}

/// What a plan leads to in memory, against vintages.
fn verdict(
    read: &Read,
    sources: &[Source],
    vintages: &[Vintage],
    found: impl Fn(&piperoll::moving::held::Held, &Vintage) -> Found,
) -> Vec<String> {
    let instants: Vec<DateTime<Utc>> = vintages.iter().map(|v| v.instant).collect();
    match read.held(sources, &instants) {
        Err(refused) => vec![refused],
        Ok(held) => {
            let found = held.iter().zip(vintages).map(|(held, vintage)| found(held, vintage));
            differences(vintages, &found.collect::<Vec<_>>())
        }
    }
}

fn every_pair(
    read: &Read,
    sources: &[Source],
    vintages: &[Vintage],
    found: impl Fn(&piperoll::moving::held::Held, &Vintage) -> Found,
    pairs: &mut Pairs,
) {
    assert_eq!(verdict(read, sources, vintages, &found), Vec::<String>::new());
    for pair in vintages.windows(2) {
        let mut moved = sources.to_vec();
        exchange(&mut moved, pair[0].instant, pair[1].instant);
        pairs.judge(&pair[0], &pair[1], &verdict(read, &moved, vintages, &found));
    }
}

#[test]
fn moving_an_ons_file_past_its_neighbour_is_seen_unless_only_words_changed() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let read = Read::of(&plan("ons.toml"), &folder);
    let all = ons::vintages(&folder);
    let mut pairs = Pairs::default();
    for indicator in ons::INDICATORS {
        let own = |source: &&Source| source.part.constants["indicator"] == indicator;
        let sources: Vec<Source> = read.sources.iter().filter(own).cloned().collect();
        let mut vintages = all.clone();
        vintages.retain(|vintage| vintage.scope.measures == ons::measures(indicator));
        let found =
            |held: &piperoll::moving::held::Held, _: &Vintage| cells(held, super::ons::name);
        every_pair(&read, &sources, &vintages, found, &mut pairs);
    }
    println!("ONS: {} pairs changed places and were seen, {:?} were not", pairs.seen, pairs.same);
    assert_eq!(
        (pairs.seen, pairs.same),
        (
            29,
            vec![
                "ONS 10-1-1 2018-07-20T140105 for ONS 10-1-1 2018-12-12T142003".to_owned(),
                "ONS 10-1-1 2018-12-12T142003 for ONS 10-1-1 2019-03-14T140140".to_owned(),
            ]
        )
    );
}

#[test]
fn moving_an_lgbf_vintage_past_its_neighbour_is_seen() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let read = Read::of(&plan("lgbf.toml"), &folder);
    let values: Vec<Source> = read.sources.iter().skip(2).cloned().collect();
    let vintages = lgbf::vintages(&folder);
    let mut pairs = Pairs::default();
    let found = |held: &piperoll::moving::held::Held, _: &Vintage| cells(held, lgbf::measure);
    every_pair(&read, &values, &vintages, found, &mut pairs);
    println!("LGBF: {} pairs changed places and were seen", pairs.seen);
    assert_eq!(pairs, Pairs { seen: 16, same: Vec::new() });
}

/// What is held of Hart's measures within the scope of a vintage.
fn hart_found(held: &piperoll::moving::held::Held, vintage: &Vintage) -> Found {
    let mut found = cells(held, str::to_owned);
    found.retain(|key, _| vintage.scope.holds(key));
    let quarter: Period = this_quarter(vintage);
    for id in held.measures() {
        let measure = held.measure(id).unwrap();
        let code = measure.codes[0].code.to_string();
        let mut hold = |field, value| {
            let at = key(code.clone(), quarter.days(), &Breakdown::HEADLINE, field);
            found.insert(at, value);
        };
        for (aim, target) in &measure.targets {
            if let Some(level) = target.level_for(aim.period, quarter) {
                hold(Field::Target, number(level.at));
            }
        }
        let Some(figures) = held.figures(id, quarter) else {
            continue;
        };
        if let Some(rating) = &figures.rating {
            hold(Field::Rating, CellValue::Text(rating.to_string()));
        }
        if let Some(words) = &figures.words {
            hold(Field::Note, CellValue::Text(words.to_string()));
        }
    }
    found
}

#[test]
fn moving_a_hart_file_past_its_neighbour_is_seen_unless_it_is_the_same_file() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let read = Read::of(&plan("hart.toml"), &folder);
    let vintages = hart::vintages(&folder);
    let mut pairs = Pairs::default();
    every_pair(&read, &read.sources, &vintages, hart_found, &mut pairs);
    println!("Hart: {} pairs changed places and were seen", pairs.seen);
    assert_eq!(pairs, Pairs { seen: 3, same: Vec::new() });
    // Files with the same bytes may come in any order.
    let mut twins = read.sources.clone();
    twins.swap(4, 5);
    assert_eq!(verdict(&read, &twins, &vintages, hart_found), Vec::<String>::new());
}

#[test]
fn an_ons_pair_that_changed_places_is_seen_through_the_servers() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let whole = plan("ons.toml");
    let (head, _) = whole.split_once("[[file]]").unwrap();
    let mut swapped = head.to_owned();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.join("ons_uk_sdg_vintages/raw/17-6-1")).unwrap() {
        names.push(entry.unwrap().file_name().into_string().unwrap());
    }
    names.retain(|name| !name.starts_with("META"));
    names.sort();
    for name in names {
        let known_at = match &name[..17] {
            "2023-02-16T113303" => "known_at = \"2023-05-03T07:58:09Z\"",
            "2023-05-03T075809" => "known_at = \"2023-02-16T11:33:03Z\"",
            _ => "",
        };
        swapped.push_str(&file(&name, known_at));
    }
    let moved = move_in("ONS swapped", &swapped, &folder);
    let mut vintages = ons::vintages(&folder);
    vintages.retain(|vintage| vintage.scope.measures == ons::measures("17-6-1"));
    let found = block(async {
        let desk = moved.desk().await;
        let mut found = Vec::new();
        for vintage in &vintages {
            found.push(Moved::cells(&desk, vintage.instant, super::ons::name).await);
        }
        found
    });
    seen("ONS", &vintages, &found, &["2023-02-16T113303", "2023-05-03T075809"]);
}

#[test]
fn an_lgbf_pair_that_changed_places_is_seen_through_the_servers() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let log = folder.join("scotland_lgbf_vintages/scotland_values_by_vintage.csv");
    let log = std::fs::read_to_string(log).unwrap();
    let (a, b) = ("2023-08-21T12:21:23+01:00", "2023-08-25T10:11:32+01:00");
    let log = log.replace(a, "here").replace(b, a).replace("here", b);
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("scotland_values_by_vintage.csv");
    std::fs::write(&path, log).unwrap();
    let plan = plan("lgbf.toml")
        .replace("scotland_lgbf_vintages/scotland_values_by_vintage.csv", path.to_str().unwrap());
    let moved = move_in("LGBF swapped", &plan, &folder);
    let vintages = lgbf::vintages(&folder);
    let found = block(super::lgbf::each(&moved, &vintages));
    seen("LGBF", &vintages, &found, &[a]);
}

#[test]
fn a_hart_pair_that_changed_places_is_seen_through_the_servers() {
    let Figures::In(folder) = figures() else {
        return;
    };
    let (a, b) = ("2014-09-02T16:48:12+01:00", "2014-09-02T16:50:58+01:00");
    let plan = plan("hart.toml");
    let plan = plan.replace(a, "here").replace(b, a).replace("here", b);
    let moved = move_in("Hart swapped", &plan, &folder);
    let vintages = hart::vintages(&folder);
    let found = block(async {
        let desk = moved.desk().await;
        let mut found = Vec::new();
        for vintage in &vintages {
            found.push(super::hart::answers(&moved, &desk, vintage).await);
        }
        found
    });
    seen("Hart", &vintages, &found, &["2014-09-02_c6a4fffa", "2014-09-02_097a09c1"]);
}

/// One of the files of 17-6-1 in a plan.
fn file(name: &str, known_at: &str) -> String {
    format!(
        "[[file]]\npath = \"ons_uk_sdg_vintages/raw/17-6-1/{name}\"\n\
         mapping = \"../mappings/ons.toml\"\nconstants = {{ indicator = \"17-6-1\" }}\n{known_at}\n"
    )
}

/// The comparison fails, and names the vintages that changed places.
#[track_caller]
fn seen(set: &str, vintages: &[Vintage], found: &[Found], names: &[&str]) {
    let said = differences(vintages, found);
    println!("{set}: {} differences seen after {names:?} changed places", said.len());
    for name in names {
        assert!(said.iter().any(|line| line.contains(name)), "{name}: {said:#?}");
    }
    let odd = said.iter().find(|line| !names.iter().any(|name| line.contains(name)));
    assert!(set != "Hart" || odd.is_none(), "{odd:?}");
}
