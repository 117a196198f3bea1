//! Hooks of coding agents: a program that an agent starts when something happens, hands a JSON document to, and whose
//! output may decide.

mod change;
mod input;
mod notice;
mod offer;
mod own_files;
mod permission;
mod reply;
mod run;
mod secrets;
mod tool;
mod workplace;

pub use input::BadHookInput;
pub use input::CodingAgent;
pub use input::HookInput;
pub use input::LARGEST_INPUT;
pub use input::Moment;
pub use input::SessionRule;
pub use own_files::OwnFiles;
pub use run::HookResult;
pub use run::HookSetting;
pub use run::run;
pub use secrets::KnownSecrets;
pub use tool::ToolCall;
pub use workplace::Workplace;
