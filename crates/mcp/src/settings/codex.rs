//! Codex: `hooks.json`, and `config.toml` with the MCP servers.

use toml_edit::Array;
use toml_edit::DocumentMut;
use toml_edit::Item;
use toml_edit::Table;
use toml_edit::TableLike;

use super::Presence;
use super::Registration;
use super::SERVER;
use super::UnfitSettings;
use super::document::JsonText;
use super::hooks;
use super::launch::OwnCommand;

/// `hooks.json` with the hooks, or without them.
pub fn codex_hooks(
    text: &str,
    registration: &Registration,
    presence: Presence,
) -> Result<String, UnfitSettings> {
    let document = JsonText::read(text)?;
    let own = &registration.launch.program;
    match presence {
        Presence::Named => {
            let events = hooks::of_codex(registration.wait_s);
            let events = events
                .iter()
                .map(|event| (event.name, event.as_line(registration)));
            hooks::put_in(&document.object, events.collect(), own)?;
        }
        Presence::Gone => hooks::take_out(&document.object, own)?,
    }
    Ok(document.text())
}

/// `config.toml` with the MCP server, or without it.
pub fn codex_config(
    text: &str,
    registration: &Registration,
    presence: Presence,
) -> Result<String, UnfitSettings> {
    let mut document: DocumentMut = text.parse().map_err(UnfitSettings::NotToml)?;
    match presence {
        Presence::Named => put_in(&mut document, registration)?,
        Presence::Gone => take_out(&mut document, &registration.launch.program)?,
    }
    Ok(document.to_string())
}

fn put_in(document: &mut DocumentMut, registration: &Registration) -> Result<(), UnfitSettings> {
    let launch = &registration.launch;
    let servers = document.entry(SERVERS).or_insert_with(|| {
        let mut servers = Table::new();
        servers.set_implicit(true);
        Item::Table(servers)
    });
    let servers = table(servers, SERVERS)?;
    let is_new = !servers.contains_key(SERVER);
    let server = servers
        .entry(SERVER)
        .or_insert_with(|| Item::Table(Table::new()));
    let server = table(server, SERVER)?;
    if is_new {
        server.insert("command", toml_edit::value(&launch.program));
        let words = launch.server_arguments(Vec::new());
        server.insert("args", toml_edit::value(Array::from_iter(&words)));
        server.insert("tool_timeout_sec", toml_edit::value(PEOPLE));
        return Ok(());
    }
    let Some(ours) = own_server(server, &launch.program) else {
        return Err(UnfitSettings::OtherServer);
    };
    let words = launch.server_arguments(ours.rest);
    if command(server) != Some(&launch.program) {
        server.insert("command", toml_edit::value(&launch.program));
    }
    if arguments(server) != words {
        server.insert("args", toml_edit::value(Array::from_iter(&words)));
    }
    Ok(())
}

fn take_out(document: &mut DocumentMut, own: &str) -> Result<(), UnfitSettings> {
    let Some(servers) = document.get_mut(SERVERS) else {
        return Ok(());
    };
    let servers = table(servers, SERVERS)?;
    let Some(server) = servers.get_mut(SERVER) else {
        return Ok(());
    };
    if own_server(table(server, SERVER)?, own).is_some() {
        servers.remove(SERVER);
        if servers.is_empty() {
            document.remove(SERVERS);
        }
    }
    Ok(())
}

fn own_server(server: &dyn TableLike, own: &str) -> Option<OwnCommand> {
    let words = arguments(server);
    let words = words.iter().map(String::as_str);
    OwnCommand::read(own, command(server)?, words).filter(|command| command.name == "mcp")
}

fn command(server: &dyn TableLike) -> Option<&str> {
    server.get("command")?.as_str()
}

fn arguments(server: &dyn TableLike) -> Vec<String> {
    let words = server.get("args").and_then(Item::as_array);
    let words = words.into_iter().flatten();
    words
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

fn table<'a>(item: &'a mut Item, name: &str) -> Result<&'a mut dyn TableLike, UnfitSettings> {
    item.as_table_like_mut()
        .ok_or_else(|| UnfitSettings::Shape {
            name: name.to_owned(),
            wanted: "table",
        })
}

const SERVERS: &str = "mcp_servers";
/// Codex gives a tool a minute, and people take longer (seconds).
const PEOPLE: i64 = 3_600;
