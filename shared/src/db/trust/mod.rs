//! Dispute access, the audit log, legal hold, retention, and the export and erasure of a person's data.

mod access;
mod audit;
mod erase;
mod export;
mod legal_hold;
mod retention;

pub(super) use access::may_read;
pub use access::{close as close_access, open as open_access};
pub use audit::{AuditEntry, list as audit_log};
pub use erase::{ErasedBatch, Erasure, ErasureRequest, erase, erase_due};
pub use export::{ExportPage, export};
pub use legal_hold::set as set_legal_hold;
pub use retention::{
    EmptiedRoom, delete_expired, emptied_rooms, empty_expired_rooms, remove_rooms, restore_rooms,
};
