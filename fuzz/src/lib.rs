//! What must hold for any input. Each module has one function `check`, which takes bytes and panics when a promise is
//! broken; libFuzzer calls it with the inputs that it makes up, the smoke test with the seeds and their mutations.

pub mod draft;
pub mod entities;
pub mod event_parse;
pub mod hook_input;
pub mod pacer;
pub mod redact;
pub mod secrets;
pub mod shell_policy;
pub mod split;
pub mod update_decode;
