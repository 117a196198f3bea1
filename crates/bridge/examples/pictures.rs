//! Takes the pictures of `docs/MESSAGES.md`: a real bridge sends the examples to the bundled emulator, and a browser shows
//! its page. `scripts/picture-messages.sh` runs it.
#![expect(
    clippy::expect_used,
    reason = "a picture that cannot be taken ends the program, which says why"
)]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cctelegram_testkit::Browser;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::until;
use serde_json::Value;

/// As wide as a phone.
const WIDTH: u32 = 412;
/// Higher than any of the pictures, so that nothing is scrolled away.
const HEIGHT: u32 = 6_000;
const SCALE: f64 = 1.0;

/// One line of the page: which types a picture shows, and where it lies.
struct Picture {
    kinds: Vec<String>,
    concise: bool,
    path: PathBuf,
}

#[tokio::main]
async fn main() {
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
    let page = fs::read_to_string(docs.join("MESSAGES.md")).expect("docs/MESSAGES.md");
    fs::create_dir_all(docs.join("messages")).expect("the folder of the pictures");
    let browser = Browser::start().await;
    for picture in page.lines().filter_map(Picture::named_in) {
        picture.take(docs, &browser).await;
    }
    browser.close().await;
}

impl Picture {
    /// Reads `![build_failed, git_commit (concise)](messages/concise.png)`.
    fn named_in(line: &str) -> Option<Self> {
        let (alt, path) = line.strip_prefix("![")?.split_once("](")?;
        let kinds = alt.strip_suffix(" (concise)");
        Some(Self {
            concise: kinds.is_some(),
            kinds: kinds
                .unwrap_or(alt)
                .split(", ")
                .map(str::to_owned)
                .collect(),
            path: PathBuf::from(path.strip_suffix(')')?),
        })
    }

    async fn take(&self, docs: &Path, browser: &Browser) {
        let style = if self.concise { "concise" } else { "detailed" };
        let setup = Setup::of(binary().to_str().expect("a path in UTF-8"))
            .variable("CC_TELEGRAM_MESSAGE_STYLE", style)
            .config("[messages]\ntime_zone = \"Europe/Vienna\"");
        let bridge = TestBridge::start(setup).await;
        browser.open(&bridge.emulator.url()).await;
        browser.resize(WIDTH, HEIGHT, SCALE).await;
        for kind in &self.kinds {
            let example = docs.join(format!("examples/{kind}.json"));
            let text = fs::read_to_string(&example).expect("an example");
            let event: Value = serde_json::from_str(&text).expect("JSON");
            let title = event.get("title").and_then(Value::as_str).expect("a title");
            bridge.drop_event(kind, &event);
            self.shown(browser, title).await;
            bridge.idle().await;
        }
        // What the list is drawn on costs more than the messages; the rest of the phone is left out.
        browser.script(PLAIN).await;
        let picture = browser.picture("#messages").await;
        let png = STANDARD.decode(picture).expect("Base64");
        fs::write(docs.join(&self.path), png).expect("a picture is written");
        bridge.finish().await;
    }

    async fn shown(&self, browser: &Browser, title: &str) {
        until(&format!("the page shows {title}"), async || {
            let text = browser.script("return document.body.innerText").await;
            text.as_str()
                .filter(|text| text.contains(title))
                .map(|_| ())
        })
        .await;
    }
}

/// A plain ground, the list as high as its messages, and no fading of what is folded away.
const PLAIN: &str = "
    const list = document.getElementById('messages');
    list.style.background = '#cfe0d5';
    list.style.flex = 'none';
    list.style.overflow = 'visible';
    document.querySelectorAll('.day').forEach((node) => node.remove());
    document.querySelectorAll('.msg').forEach((node) => node.classList.remove('new'));
";

/// The program, which lies beside the folder of the examples.
fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("where this program lies");
    let folder = here.parent().and_then(Path::parent);
    folder.expect("a folder above").join("cctelegram")
}
