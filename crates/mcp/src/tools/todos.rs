//! The agent's list of things to do, under the older server's names. It lives as long as this server: nobody else sees it.

use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use super::Effect;
use super::Nothing;
use super::ToolAnswer;
use super::described;
use crate::arguments::Failed;
use crate::arguments::Words;
use crate::desk::Desk;

pub(super) const REGISTER: &str = "register_claude_todos";
pub(super) const LIST: &str = "todo";
pub(super) const STATUS: &str = "get_task_status";

/// A list has so many entries at most.
const MOST: usize = 500;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TodoArguments {
    /// The whole list; it takes the place of the one before.
    #[schemars(length(max = 500))]
    todos: Vec<TodoArgument>,
}

/// Fields that agents keep beside these are ignored.
#[derive(Deserialize, JsonSchema)]
struct TodoArgument {
    id: Words,
    /// What is to be done.
    content: Words,
    status: TodoStatus,
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub(crate) struct Todo {
    id: String,
    content: String,
    status: TodoStatus,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TodoStatus {
    Pending,
    InProgress,
    Completed,
}

/// The list as it was registered last.
#[derive(Serialize, JsonSchema)]
pub(super) struct TodoList {
    todos: Vec<Todo>,
}

/// How far the list is.
#[derive(Serialize, JsonSchema)]
pub(super) struct TaskCounts {
    total: usize,
    pending: usize,
    in_progress: usize,
    completed: usize,
    /// What is being done now.
    current: Vec<String>,
}

pub(super) fn tools() -> Vec<Tool> {
    vec![
        described::<TodoArguments, TaskCounts>(
            REGISTER,
            (
                "Register the to-do list",
                "Keeps the agent's to-do list for todo and get_task_status, as long as this server runs. It is sent to nobody.",
            ),
            Effect::Switches,
        ),
        described::<Nothing, TodoList>(
            LIST,
            (
                "Show the to-do list",
                "Lists what was registered with register_claude_todos.",
            ),
            Effect::Reads,
        ),
        described::<Nothing, TaskCounts>(
            STATUS,
            (
                "Count the tasks",
                "Tells how far the list is that was registered with register_claude_todos.",
            ),
            Effect::Reads,
        ),
    ]
}

pub(super) fn register(desk: &Desk, arguments: TodoArguments) -> Result<ToolAnswer, Failed> {
    if arguments.todos.len() > MOST {
        return Err(Failed::field("todos", "has more than 500 entries"));
    }
    let todos = arguments.todos.into_iter().map(|todo| Todo {
        id: todo.id.as_str().to_owned(),
        content: todo.content.as_str().to_owned(),
        status: todo.status,
    });
    *desk.todos() = todos.collect();
    status(desk)
}

pub(super) fn list(desk: &Desk) -> Result<ToolAnswer, Failed> {
    let todos = desk.todos().clone();
    let line = |todo: &Todo| {
        let mark = match todo.status {
            TodoStatus::Pending => "[ ]",
            TodoStatus::InProgress => "[~]",
            TodoStatus::Completed => "[x]",
        };
        format!("{mark} {}: {}", todo.id, todo.content)
    };
    let lines: Vec<String> = todos.iter().map(line).collect();
    let text = if lines.is_empty() {
        "No to-do list was registered.".to_owned()
    } else {
        lines.join("\n")
    };
    ToolAnswer::new(text, &TodoList { todos })
}

pub(super) fn status(desk: &Desk) -> Result<ToolAnswer, Failed> {
    let todos = desk.todos();
    let of = |status: TodoStatus| todos.iter().filter(move |todo| todo.status == status);
    let counts = TaskCounts {
        total: todos.len(),
        pending: of(TodoStatus::Pending).count(),
        in_progress: of(TodoStatus::InProgress).count(),
        completed: of(TodoStatus::Completed).count(),
        current: of(TodoStatus::InProgress)
            .map(|todo| todo.content.clone())
            .collect(),
    };
    let text = format!(
        "{} of {} done, {} in progress, {} pending.",
        counts.completed, counts.total, counts.in_progress, counts.pending
    );
    ToolAnswer::new(text, &counts)
}
