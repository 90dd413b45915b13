//! What the delivery channels have in common in PostgreSQL: leases, outcomes, and the circuit breaker.

mod circuit;
mod lease;
mod outcome;

pub use circuit::{CircuitChange, circuit, record_failures, record_success};
pub use lease::{Backlog, Channel, Circuit, Lease, LeaseScope, Reservation};
pub(super) use lease::{channel_state, sweep_limit};
pub use outcome::{DeliveryOutcome, DropReason, RetryCause};
