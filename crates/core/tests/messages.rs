//! Every known type as it looks in a chat, in both styles: one snapshot for each example of `docs/examples`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and says why"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cctelegram_core::event::Event;
use cctelegram_core::event::Kind;
use cctelegram_core::event::Validation;
use cctelegram_core::event::parse;
use cctelegram_core::message::Body;
use cctelegram_core::message::Document;
use cctelegram_core::message::EntityKind;
use cctelegram_core::message::Keyboard;
use cctelegram_core::message::Outgoing;
use cctelegram_core::message::render;
use cctelegram_core::message::render::Manner;
use cctelegram_core::message::render::Style;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use jiff::tz::TimeZone;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples");
const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
const ENDS: Timestamp = Timestamp::from_millis(1_795_272_127_000);

/// Central European time, without asking the machine for it.
fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone")
}

fn example(kind: &str) -> Event {
    let path = Path::new(EXAMPLES).join(format!("{kind}.json"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let event = parse(&bytes, Validation::Strict, Digest::of(kind.as_bytes()));
    event.unwrap_or_else(|error| panic!("{kind}: {error}"))
}

fn sent(event: &Event, style: Style) -> Vec<Outgoing> {
    let manner = Manner {
        style,
        zone: zone(),
    };
    if event.asks() {
        let digest = "0123456789abcdef".repeat(4);
        return render::approval(event, &digest, Some(ENDS), &zone(), Keyboard::default());
    }
    if event.kind.is_progress() {
        return vec![Outgoing::Text {
            body: render::progress(event, &manner),
            keyboard: None,
        }];
    }
    render::event(event, &manner)
}

/// The text with its formatting as marks that no text holds: `⟪bold:…⟫`.
fn marked(body: &Body) -> String {
    let mut edges: Vec<(usize, bool, &EntityKind)> = Vec::new();
    for entity in body.entities() {
        edges.push((entity.offset, true, &entity.kind));
        edges.push((entity.offset + entity.length, false, &entity.kind));
    }
    edges.sort_by_key(|(place, begins, _)| (*place, *begins));
    let mut edges = edges.into_iter().peekable();
    let (mut out, mut place) = (String::new(), 0);
    for c in body.text().chars().map(Some).chain([None]) {
        while let Some((_, begins, kind)) = edges.next_if(|(at, _, _)| *at <= place) {
            if begins {
                write!(out, "⟪{}:", name(kind)).expect("text");
            } else {
                out.push('⟫');
            }
        }
        out.extend(c);
        place += c.map_or(0, char::len_utf16);
    }
    out
}

fn name(kind: &EntityKind) -> String {
    match kind {
        EntityKind::Bold => "bold".to_owned(),
        EntityKind::Italic => "italic".to_owned(),
        EntityKind::Code => "code".to_owned(),
        EntityKind::Pre { language: None } => "pre".to_owned(),
        EntityKind::Pre {
            language: Some(language),
        } => format!("pre {language}"),
        EntityKind::Blockquote => "quote".to_owned(),
        EntityKind::ExpandableBlockquote => "folded".to_owned(),
    }
}

fn readable(sent: &[Outgoing]) -> String {
    let mut text = String::new();
    for outgoing in sent {
        match outgoing {
            Outgoing::Text { body, .. } => writeln!(text, "{}\n", marked(body)),
            Outgoing::Document { document, caption } => {
                writeln!(text, "[{}] {}\n", about(document), marked(caption))
            }
        }
        .expect("text");
    }
    text
}

fn about(document: &Document) -> String {
    let lines = document.content().lines().count();
    format!("file {}, {lines} lines", document.name())
}

#[test]
fn every_known_type_looks_as_its_snapshot_says_in_both_styles() {
    for known in Kind::all() {
        let event = example(known.name);
        let detailed = readable(&sent(&event, Style::Detailed));
        let concise = readable(&sent(&event, Style::Concise));
        let looks = if concise == detailed {
            format!("── either style ──\n{detailed}")
        } else {
            format!("── detailed ──\n{detailed}── concise ──\n{concise}")
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(known.name, looks));
    }
}

#[test]
fn there_is_an_example_and_a_snapshot_for_each_type_and_none_besides() {
    let known: BTreeSet<String> = Kind::all().iter().map(|k| k.name.to_owned()).collect();
    for (folder, ending) in [(EXAMPLES, ".json"), (SNAPSHOTS, ".snap")] {
        let files = fs::read_dir(folder).expect("the folder is there");
        let names = files.map(|file| file.expect("a file").file_name().into_string());
        let names: BTreeSet<String> = names
            .map(|name| name.expect("a name in UTF-8"))
            .filter(|name| !name.ends_with(".snap.new"))
            .map(|name| name.trim_end_matches(ending).to_owned())
            .collect();
        assert_eq!(names, known, "{folder}");
    }
}

#[test]
fn an_example_is_of_its_own_type_and_valid() {
    let schema = cctelegram_core::event::schema();
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for known in Kind::all() {
        assert_eq!(example(known.name).kind.name(), known.name);
        let path = Path::new(EXAMPLES).join(format!("{}.json", known.name));
        let text = fs::read_to_string(path).expect("an example");
        let value = serde_json::from_str(&text).expect("JSON");
        assert!(schema.is_valid(&value), "{}", known.name);
    }
}

#[test]
fn security_a_request_is_shown_whole_in_either_style() {
    let request = example("approval_request");
    assert_eq!(
        sent(&request, Style::Concise),
        sent(&request, Style::Detailed)
    );
}

#[test]
fn nothing_of_an_example_is_lost_in_either_style() {
    for known in Kind::all() {
        let event = example(known.name);
        for style in [Style::Detailed, Style::Concise] {
            let parts = sent(&event, style).into_iter();
            let texts = parts.map(|part| match part {
                Outgoing::Text { body, .. } => body.text().to_owned(),
                Outgoing::Document { document, .. } => document.content().to_owned(),
            });
            let shown: String = texts.collect::<Vec<_>>().join("\n");
            let mut words: Vec<String> = event.task_id.iter().cloned().collect();
            for value in event.data.values() {
                leaves(value, &mut words);
            }
            for word in words {
                let spaced = word.replace('_', " ");
                // Of a commit's hash, the first characters are enough.
                let is_hash = word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
                let short = word.get(..10).filter(|_| is_hash).unwrap_or(&word);
                let is_there = shown.contains(short) || shown.contains(&spaced);
                assert!(is_there, "{} {style:?}: {word}\n{shown}", known.name);
            }
        }
    }
}

/// Every text line in a value. Numbers are shown in units, times in a zone: those are in the snapshots.
fn leaves(value: &serde_json::Value, words: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if Timestamp::parse(text).is_none() => {
            words.extend(text.lines().map(|line| line.trim().to_owned()));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| leaves(item, words)),
        serde_json::Value::Object(map) => map.values().for_each(|item| leaves(item, words)),
        serde_json::Value::String(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Bool(_)
        | serde_json::Value::Null => {}
    }
}
