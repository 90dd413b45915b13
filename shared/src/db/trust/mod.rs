//! Dispute access, the audit log, legal hold, retention, and the export and erasure of a person's data.

mod access;
mod audit;
mod erase;
mod export;
mod legal_hold;
mod retention;
mod versions;

pub(super) use access::{audited_read, has_access};
pub use access::{close as close_access, open as open_access};
pub use audit::{AuditEntry, list as audit_log};
pub use erase::{ErasedBatch, Erasure, ErasureRequest, erase, erase_due};
pub use export::{ExportPage, export};
pub use legal_hold::set as set_legal_hold;
pub use retention::{
    EmptiedRoom, delete_expired, emptied_rooms, empty_expired_rooms, remove_rooms, restore_rooms,
};
pub(super) use versions::{versions, versions_by_access};
