//! The HTTP edge: requests that are parsed once, and responses in the form of Django REST Framework.

mod field;
mod fields;
mod links;
mod request;
mod response;

pub use field::{Field, Flag, OptionalText, Seq};
pub use fields::Fields;
pub use links::{CursorPage, Listing, Paged, link_after, read_cursor};
pub use request::Request;
pub use response::ApiResponse;
pub(crate) use response::{Envelope, into_response, status_of};
