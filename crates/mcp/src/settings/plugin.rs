//! The hooks of the plugin for Claude Code: the same as in the settings, started by a script of the plugin's that finds
//! this program.

use jsonc_parser::cst::CstInputValue;

use super::Launch;
use super::Registration;
use super::UnfitSettings;
use super::document::JsonText;
use super::hooks;

/// `hooks/hooks.json` of the plugin.
pub fn plugin_hooks() -> Result<String, UnfitSettings> {
    let registration = Registration {
        launch: Launch {
            program: "${CLAUDE_PLUGIN_ROOT}/scripts/cctelegram.sh".to_owned(),
            home: None,
        },
        wait_s: WAIT,
        fail_closed: false,
        off_limits: Vec::new(),
        formerly_off_limits: Vec::new(),
    };
    let document = JsonText::read("")?;
    let about = "Approvals, rules and news over CCTelegram";
    let about = CstInputValue::String(about.to_owned());
    document.object.append("description", about);
    let events = hooks::of_claude_code(registration.wait_s);
    let events = events
        .iter()
        .map(|event| (event.name, event.in_exec_form(&registration)));
    hooks::put_in(
        &document.object,
        events.collect(),
        &registration.launch.program,
    )?;
    Ok(document.text())
}

/// Ten seconds less than Claude Code gives a hook that names no time (seconds).
const WAIT: u64 = 590;
