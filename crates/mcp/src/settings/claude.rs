//! Claude Code: `settings.json` with hooks and permissions, and `.claude.json` with the MCP servers.

use jsonc_parser::cst::CstContainerNode;
use jsonc_parser::cst::CstInputValue;
use jsonc_parser::cst::CstObject;
use jsonc_parser::cst::CstObjectProp;
use serde_json::Value;

use super::Presence;
use super::Registration;
use super::SERVER;
use super::UnfitSettings;
use super::document;
use super::document::JsonText;
use super::hooks;
use super::launch::OwnCommand;

/// The tools that only talk to people and can do no harm: to be asked whether one may ask is of no use. What sends files
/// and switches modes is not among them.
const HARMLESS: [&str; 8] = [
    "ask_human",
    "get_bridge_status",
    "get_telegram_responses",
    "send_approval_request",
    "send_task_completion",
    "send_telegram_event",
    "send_telegram_message",
    "wait_for_reply",
];

/// `settings.json` with the hooks and the permissions, or without them.
pub fn claude_settings(
    text: &str,
    registration: &Registration,
    presence: Presence,
) -> Result<String, UnfitSettings> {
    let document = JsonText::read(text)?;
    let settings = &document.object;
    let own = &registration.launch.program;
    let (denied, allowed) = (denied(&registration.off_limits), allowed());
    let mut past = self::denied(&registration.formerly_off_limits);
    past.retain(|rule| !denied.contains(rule));
    match presence {
        Presence::Named => {
            let events = hooks::of_claude_code(registration.wait_s);
            let events = events
                .iter()
                .map(|event| (event.name, event.in_exec_form(registration)));
            hooks::put_in(settings, events.collect(), own)?;
            let permissions = document::object_or_new(settings, "permissions")?;
            document::put_in(&permissions, "allow", &allowed)?;
            document::take_out(&permissions, "deny", &past)?;
            document::put_in(&permissions, "deny", &denied)?;
        }
        Presence::Gone => {
            hooks::take_out(settings, own)?;
            if let Some(permissions) = document::object(settings, "permissions")? {
                document::take_out(&permissions, "allow", &allowed)?;
                document::take_out(&permissions, "deny", &denied)?;
                document::take_out(&permissions, "deny", &past)?;
                document::drop_if_empty(settings, "permissions")?;
            }
        }
    }
    Ok(document.text())
}

/// `.claude.json` with the MCP server, or without it: for this project only, or for all of them.
pub fn claude_servers(
    text: &str,
    registration: &Registration,
    project: Option<&str>,
    presence: Presence,
) -> Result<String, UnfitSettings> {
    let document = JsonText::read(text)?;
    let (state, own) = (&document.object, registration.launch.program.as_str());
    match (project, presence) {
        (None, Presence::Named) => put_in(state, registration)?,
        (None, Presence::Gone) => take_out(state, own)?,
        (Some(project), Presence::Named) => {
            let projects = document::object_or_new(state, "projects")?;
            put_in(&document::object_or_new(&projects, project)?, registration)?;
        }
        (Some(project), Presence::Gone) => {
            if let Some(projects) = document::object(state, "projects")?
                && let Some(of_project) = document::object(&projects, project)?
            {
                take_out(&of_project, own)?;
                document::drop_if_empty(&projects, project)?;
                document::drop_if_empty(state, "projects")?;
            }
        }
    }
    Ok(document.text())
}

/// Does this `settings.json` switch the plugin on, so that its hooks run beside those that are written there, or off?
#[must_use]
pub fn plugin_switch(text: &str) -> Option<bool> {
    let settings: Value = serde_json::from_str(text).unwrap_or_default();
    let plugins = settings.get("enabledPlugins").and_then(Value::as_object)?;
    let ours = plugins
        .iter()
        .filter(|(name, _)| name.starts_with("cctelegram@"));
    ours.filter_map(|(_, on)| on.as_bool())
        .reduce(|a, b| a || b)
}

fn put_in(of: &CstObject, registration: &Registration) -> Result<(), UnfitSettings> {
    let servers = document::object_or_new(of, "mcpServers")?;
    let launch = &registration.launch;
    let program = CstInputValue::String(launch.program.clone());
    let words = |rest: Vec<String>| document::strings(&launch.server_arguments(rest));
    let Some(server) = document::object(&servers, SERVER)? else {
        let fields = [
            ("type", "stdio".into()),
            ("command", program),
            ("args", words(Vec::new())),
        ];
        let fields = fields.map(|(name, value): (&str, CstInputValue)| (name.to_owned(), value));
        servers.append(SERVER, CstInputValue::Object(fields.into()));
        return Ok(());
    };
    let Some(ours) = own_server(&server, &launch.program) else {
        return Err(UnfitSettings::OtherServer);
    };
    // What else somebody wrote there, like variables and options, is left to them.
    for (name, wanted) in [("command", program), ("args", words(ours.rest))] {
        let found = document::property(&server, name)?;
        let value = found.as_ref().and_then(CstObjectProp::value);
        if value.and_then(|value| value.to_serde_value()) == Some(document::value_of(&wanted)) {
            continue;
        }
        match found {
            Some(found) => found.set_value(wanted),
            None => drop(server.append(name, wanted)),
        }
    }
    Ok(())
}

fn take_out(of: &CstObject, own: &str) -> Result<(), UnfitSettings> {
    let Some(servers) = document::object(of, "mcpServers")? else {
        return Ok(());
    };
    if let Some(server) = document::object(&servers, SERVER)?
        && own_server(&server, own).is_some()
    {
        server
            .parent()
            .map(CstContainerNode::remove)
            .unwrap_or_default();
        document::drop_if_empty(of, "mcpServers")?;
    }
    Ok(())
}

fn own_server(server: &CstObject, own: &str) -> Option<OwnCommand> {
    let server = server.to_serde_value().unwrap_or_default();
    let program = server.get("command").and_then(Value::as_str)?;
    let words = server.get("args").and_then(Value::as_array);
    let words = words.into_iter().flatten().filter_map(Value::as_str);
    OwnCommand::read(own, program, words).filter(|command| command.name == "mcp")
}

/// A rule about paths begins with another `/` where the path does: with one it is the folder of the settings. A rule for
/// `Edit` holds for every tool that changes files.
fn denied(off_limits: &[String]) -> Vec<String> {
    let rules = |tool: &'static str| {
        off_limits.iter().map(move |path| {
            let below = if path.ends_with('/') { "**" } else { "" };
            format!("{tool}(/{path}{below})")
        })
    };
    rules("Read").chain(rules("Edit")).collect()
}

fn allowed() -> Vec<String> {
    HARMLESS
        .iter()
        .map(|tool| format!("mcp__{SERVER}__{tool}"))
        .collect()
}
