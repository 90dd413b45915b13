use super::Invalid;

/// Which rooms may be opened without a delivery. Otherwise a driver and a client whose delivery has ended can
/// open one and continue to write to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RoomsWithoutDelivery {
    /// All, as in the API guide.
    #[default]
    Allow,
    /// Only those with support.
    SupportOnly,
}

impl RoomsWithoutDelivery {
    /// Parses `allow` or `support_only`.
    ///
    /// # Errors
    /// The value is neither.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "allow" => Ok(Self::Allow),
            "support_only" => Ok(Self::SupportOnly),
            _ => Err("allow or support_only".into()),
        }
    }

    /// Returns whether a driver and a client or merchant need a delivery.
    #[must_use]
    pub fn support_only(self) -> bool {
        self == Self::SupportOnly
    }
}
