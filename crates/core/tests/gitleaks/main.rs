//! The redactor against the secret scanner gitleaks, so that our idea of a secret is not only ours.
//!
//! From each rule inside the program, secrets are made at run time and put where secrets stand. What gitleaks then finds
//! has to be masked. `scripts/test.sh` installs it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that panics has failed; the figures are told"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use cctelegram_core::message::redact::redact;
use regex_syntax::hir::Class;
use regex_syntax::hir::Hir;
use regex_syntax::hir::HirKind;
use serde::Deserialize;

/// Secrets made from each rule.
const SECRETS: u32 = 6;
/// The least share of what gitleaks finds that has to be masked, in a hundred.
const RECALL: usize = 98;
/// Lines of code of others that are looked at, and how many masks there may be in 10,000 of them.
const LINES: usize = 150_000;
const FALSE_IN_10_000: usize = 1;

#[derive(Deserialize)]
struct Rules {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    regex: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Finding {
    #[serde(rename = "RuleID")]
    rule: String,
    secret: String,
    file: PathBuf,
}

fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/gitleaks");
    assert!(
        root.is_file(),
        "{} is missing: run scripts/test.sh, which installs it",
        root.display()
    );
    root
}

/// The rules that are built into the program: the one stretch of text in it that is their file.
fn rules(program: &Path) -> Vec<Rule> {
    let bytes = fs::read(program).expect("gitleaks is read");
    let title = b"title = \"gitleaks config\"";
    let start = bytes
        .windows(title.len())
        .position(|window| window == title)
        .expect("gitleaks has its rules in it");
    let is_text = |byte: &&u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let text: Vec<u8> = bytes[start..].iter().take_while(is_text).copied().collect();
    let text = String::from_utf8(text).expect("ASCII is text");
    let rules: Rules = toml::from_str(&text).expect("the rules are TOML");
    rules.rules
}

/// Splitmix64: the same secrets in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = usize::try_from(mixed ^ (mixed >> 31)).expect("64 bits");
        mixed % limit.max(1)
    }
}

/// What the rule takes for the secret: its first group, or all of it.
fn secret_part(hir: &Hir) -> &Hir {
    fn group(hir: &Hir) -> Option<&Hir> {
        match hir.kind() {
            HirKind::Capture(capture) => Some(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(group),
            HirKind::Repetition(repetition) => group(&repetition.sub),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
        }
    }
    group(hir).unwrap_or(hir)
}

/// A text that the pattern matches.
fn sample(hir: &Hir, dice: &mut Dice, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => out.push(one_of(class, dice)),
        HirKind::Capture(capture) => sample(&capture.sub, dice, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, dice, out)),
        HirKind::Alternation(parts) => sample(&parts[dice.below(parts.len())], dice, out),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min.saturating_add(8));
            let span = most.saturating_sub(repetition.min).min(40);
            let more = dice.below(usize::try_from(span).expect("32 bits") + 1);
            let count = usize::try_from(repetition.min).expect("32 bits") + more;
            (0..count).for_each(|_| sample(&repetition.sub, dice, out));
        }
    }
}

fn one_of(class: &Class, dice: &mut Dice) -> char {
    let seen = |c: &char| matches!(c, ' '..='~');
    let chars: Vec<char> = match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .flat_map(|r| (r.start()..=r.end()).take(128))
            .filter(seen)
            .collect(),
        Class::Bytes(class) => {
            let bytes = class.ranges().iter().flat_map(|r| r.start()..=r.end());
            bytes.map(char::from).filter(seen).collect()
        }
    };
    chars.get(dice.below(chars.len())).copied().unwrap_or('x')
}

/// Where secrets stand: in settings, in code, in commands. `name` is the rule's word.
fn places(name: &str, secret: &str) -> Vec<String> {
    let upper = name.to_uppercase().replace('-', "_");
    vec![
        format!("export {upper}_API_KEY={secret}\n"),
        format!("{name}_token: {secret}\n"),
        format!("{{\"{name}Secret\": \"{secret}\", \"id\": 7}}\n"),
        format!("let {name}_access_key = \"{secret}\";\n"),
        format!("{name} = '{secret}'\n"),
        format!("curl -s https://api.local/v1/items?{name}_key={secret}\n"),
        format!("see {secret} there\n"),
    ]
}

/// What gitleaks finds in the folder.
fn findings(program: &Path, folder: &Path) -> Vec<Finding> {
    let report = folder.with_extension("json");
    let done = Command::new(program)
        .args(["dir", "--no-banner", "--log-level=error", "--exit-code=0"])
        .args(["--report-format=json", "--report-path"])
        .arg(&report)
        .arg(folder)
        .env_clear()
        .output()
        .expect("gitleaks starts");
    assert!(done.status.success(), "{done:?}");
    let report = fs::read(&report).expect("gitleaks reports");
    serde_json::from_slice(&report).expect("the report is JSON")
}

#[test]
fn security_what_gitleaks_finds_is_masked() {
    let program = program();
    let mut dice = Dice(7);
    let mut corpus = BTreeMap::new();
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("corpus");
    fs::create_dir(&folder).expect("a folder");
    for rule in rules(&program) {
        let Some(pattern) = rule.regex else {
            continue;
        };
        let mut parser = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        let hir = parser.parse(&pattern).expect("Go's patterns are ours");
        let plain = |word: &&String| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let name = rule.keywords.iter().find(plain);
        let name = name.map_or("service", String::as_str);
        for _ in 0..SECRETS {
            let mut secret = String::new();
            sample(secret_part(&hir), &mut dice, &mut secret);
            for text in places(name, secret.trim_matches('"')) {
                let file = folder.join(format!("{}.txt", corpus.len()));
                fs::write(&file, &text).expect("a file");
                corpus.insert(file, text);
            }
        }
    }
    let found = findings(&program, &folder);
    let mut missed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in &found {
        let text = &corpus[&finding.file];
        if redact(text).contains(&finding.secret) {
            missed.entry(&finding.rule).or_default().push(text);
        }
    }
    let rules: BTreeSet<&str> = found.iter().map(|one| one.rule.as_str()).collect();
    let count: usize = missed.values().map(Vec::len).sum();
    println!(
        "{} findings of {} rules in {} texts, {count} not masked",
        found.len(),
        rules.len(),
        corpus.len()
    );
    for (rule, texts) in &missed {
        println!("{rule}: {} not masked, as {:?}", texts.len(), texts[0]);
    }
    assert!(
        rules.len() >= 150 && found.len() >= 3_000,
        "{} rules",
        rules.len()
    );
    assert!(
        count * 100 <= found.len() * (100 - RECALL),
        "{count} of {} stay readable",
        found.len()
    );
}

/// The code of our dependencies: nobody wrote it with this redactor in mind.
#[test]
fn ordinary_code_stays_as_it_is() {
    let (mut lines, mut masks) = (0, Vec::new());
    for file in ordinary_code() {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let masked = redact(&text);
        lines += text.lines().count();
        let changed = masked.lines().filter(|line| line.contains("[redacted: "));
        masks.extend(changed.map(|line| format!("{}: {}", file.display(), line.trim())));
        if lines >= LINES {
            break;
        }
    }
    println!("{} masks in {lines} lines", masks.len());
    println!("{}", masks.join("\n"));
    assert!(lines >= LINES, "{lines} lines");
    assert!(
        masks.len() * 10_000 <= lines * FALSE_IN_10_000,
        "{} masks in {lines} lines",
        masks.len()
    );
}

/// Source files of all dependencies, in an order that mixes them.
fn ordinary_code() -> Vec<PathBuf> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version=1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(
        cargo.status.success(),
        "{}",
        String::from_utf8_lossy(&cargo.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let others = packages
        .iter()
        .filter(|package| !package["source"].is_null());
    let manifests = others.filter_map(|package| package["manifest_path"].as_str());
    let mut files = Vec::new();
    for manifest in manifests {
        let source = Path::new(manifest).with_file_name("src");
        let mut own = Vec::new();
        sources(&source, &mut own);
        own.sort();
        files.extend(own.into_iter().take(40).enumerate());
    }
    files.sort_by_key(|(place, _)| *place);
    files.into_iter().map(|(_, file)| file).collect()
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}
