use serde::Serialize;

/// A text that a participant can send with one tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuickReply {
    pub key: String,
    pub text: String,
}

/// The quick replies that suit a room at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuickReplies {
    /// The language of the texts: `fr` or `en`.
    pub language: String,
    /// The last event of the room's delivery; `None` without one.
    pub event: Option<String>,
    pub results: Vec<QuickReply>,
}
