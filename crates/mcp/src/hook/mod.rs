//! Hooks of coding agents.

mod tool;
mod workplace;

pub use tool::ToolCall;
pub use workplace::Workplace;
