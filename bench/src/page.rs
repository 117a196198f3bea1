//! The page: what was measured, on what, and which targets are met.

use std::fmt::Write as _;

use crate::figure::Figure;
use crate::machine::Machine;
use crate::plan::Plan;

pub(crate) fn write(machine: &Machine, plan: &Plan, figures: &[Figure]) -> String {
    let met = figures.iter().filter(|figure| figure.is_met).count();
    let mut page = String::from(HEAD);
    if plan.is_quick || cfg!(debug_assertions) {
        page.push_str(SMOKE);
    }
    let mut line = |text: String| {
        // Writing into a string cannot fail.
        writeln!(page, "{text}").unwrap_or_default();
    };
    for (name, value) in &machine.facts {
        line(format!("- {name}: {value}"));
    }
    line(format!(
        "\n{met} of {} targets are met.\n\n| figure | baseline | measured | ratio | target | |\n|---|---|---|---|---|---|",
        figures.len()
    ));
    for figure in figures {
        let Figure {
            what,
            baseline,
            measured,
            ratio,
            target,
            is_met,
        } = figure;
        let verdict = if *is_met { "met" } else { "**missed**" };
        line(format!(
            "| {what} | {baseline} | {measured} | {ratio} | {target} | {verdict} |"
        ));
    }
    page.push_str(&explained(plan));
    page.truncate(page.trim_end().len());
    page
}

fn explained(plan: &Plan) -> String {
    let Plan {
        rounds,
        samples,
        events,
        messages,
        starts,
        ..
    } = plan;
    format!(
        "
## How it is measured

Baseline and program take turns, {rounds} times each, so that both see the same machine. A ratio is the median of the
rounds' ratios, with the least and the most in brackets. Where no ratio stands, the target is a number by itself.

- **File closed → request on the wire.** {samples} events a round, one after the other: the file is written and closed, and a
  server on this machine notes when the request has been read. Baseline: the same rows in one durable commit
  (`synchronous=FULL`), then the same call by the same client.
- **Durable intake.** {events} events a round, posted to the socket by 16 producers that keep their connections; each waits for
  its answer. Baseline: a bare loop that looks whether the id is known, writes the same rows with a statement each and
  commits 16 events at a time. For the slow disk a library makes every sync of both wait.
- **Many files at once.** The files lie there when the program starts.
- **Delivery, limits off.** {messages} messages a round to each chat, all stored before the first is answered; 16 connections.
  The server answers at once, or as late as one that is far away. Baseline: a loop for each chat that does nothing but call
  the same client.
- **Under Telegram's limits.** The bundled emulator enforces 30 messages a second overall (30 at once) and 1 a second in a
  chat (3 at once). Baseline: the time that these limits ask for. Measured: from the first message to the last.
- **Secrets.** The median of many searches of one text, lines of a build log; the rules that its words call for included.
- **Hook.** {starts} starts; from the start of the process, with its input in a pipe, to its end. No bridge is running and
  nothing is said. Baseline: a script for Node that reads its input, looks for the socket and ends. The 20 rules are about
  commands, of which none matches.
- **MCP server.** {starts} starts, to the answer to `initialize`; memory after it has told its tools.
- **Press.** {starts} requests of hooks, one after the other, answered with the emulator's button: through the bridge, its
  database and back to the hook, whose end counts.
- **Start.** {starts} starts with a database that is there; ready is what systemd is told, after Telegram has confirmed the
  token.
- **Idle.** One bridge that waits for updates; processor time of all its threads.
"
    )
}

const HEAD: &str = "\
# Benchmarks

`cargo xtask bench` measures the release build and writes this page.

";
const SMOKE: &str = "\
**A smoke run or a debug build: it shows that the measurements work; the figures say nothing.**

";
