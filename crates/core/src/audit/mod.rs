//! The audit trail: what is recorded of every act and refusal.

mod record;

pub use record::Actor;
pub use record::Disposition;
pub use record::EventName;
pub use record::Record;
