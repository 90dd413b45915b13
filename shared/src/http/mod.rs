//! The edge: requests that are read once, answers as Django REST Framework gives them.

mod field;
mod fields;
mod links;
mod request;
mod response;

pub use field::{Field, Flag, OptionalText, Seq};
pub use fields::Fields;
pub use links::{Keyed, Listing, Paged, read_cursor};
pub use request::Request;
pub use response::Answer;
pub(crate) use response::{Envelope, into_response, status_of};
