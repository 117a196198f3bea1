//! Hooks of coding agents: a program that an agent starts when something happens, hands a JSON document to, and whose
//! output may decide.

mod change;
mod denied;
mod dotenv;
mod elicitation;
mod form;
mod input;
mod inquiry;
mod notice;
mod offer;
mod own_files;
mod permission;
mod plan;
mod question;
mod regular;
mod reply;
mod run;
mod salvage;
mod scene;
mod secrets;
mod stop;
mod telling;
mod tool;
mod workplace;

pub use input::BadHookInput;
pub use input::CodingAgent;
pub use input::Elicited;
pub use input::HookInput;
pub use input::LARGEST_INPUT;
pub use input::Moment;
pub use input::SessionRule;
pub use input::ToolEvent;
pub use own_files::OwnFiles;
pub use run::HookResult;
pub use run::HookSetting;
pub use run::run;
pub use secrets::KnownSecrets;
pub use tool::ToolCall;
pub use workplace::Workplace;
