//! Shell commands and rules: no text fails, nothing in doubt is allowed, and a deny holds whatever stands behind it.

use std::sync::LazyLock;

use cctelegram_core::policy;
use cctelegram_core::policy::Policy;
use cctelegram_core::policy::Ruling;
use cctelegram_core::policy::ToolUse;
use cctelegram_core::shell::Script;
use cctelegram_core::shell::Word;

const ALLOW: &str = "[[rule]]\nmatch = { command = \"* *\" }\noutcome = \"allow\"\n";
const DENY: &str = "[[rule]]\nmatch = { command = \"rm -rf\" }\noutcome = \"deny\"\n";

static ALLOWING: LazyLock<Policy> = LazyLock::new(|| rules(ALLOW));
static DENYING: LazyLock<Policy> = LazyLock::new(|| rules(&format!("{ALLOW}{DENY}")));

fn rules(text: &str) -> Policy {
    policy::read(text).expect("the rules are in order")
}

fn on(policy: &Policy, command: &str) -> Ruling {
    policy.rule_on(&ToolUse::new("claude-code", "Bash").running(command))
}

/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let script = Script::read(&text);
    let (without, with) = (on(&ALLOWING, &text), on(&DENYING, &text));
    if let Ruling::Allowed { .. } = without {
        assert_eq!(script.doubts, [], "{text:?} is allowed");
        for one in &script.invocations {
            assert!(!one.name().is_empty() && !one.assigns, "{text:?}: {one:?}");
            assert!(one.writes.is_empty(), "{text:?}: {one:?}");
        }
    }
    assert!(
        with == without || matches!(with, Ruling::Denied { .. }),
        "{text:?}: {without} became {with}"
    );
    if script.doubts.is_empty() {
        let named = |word: Option<&Word>| word.is_some_and(|word| word.literal().is_some());
        let mut all = script.invocations.iter();
        assert!(all.all(|one| named(one.words.first())), "{script:?}");
    }
    // The shell runs the first line, whatever it makes of the next.
    let behind = format!("rm -rf x\n{text}");
    let ruling = on(&DENYING, &behind);
    assert!(
        matches!(ruling, Ruling::Denied { .. }),
        "{behind:?}: {ruling}"
    );
}
