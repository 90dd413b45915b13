use super::Invalid;

/// Which conversations may be opened without a delivery. A driver and a client whose delivery has ended can otherwise
/// open one and go on writing to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RoomsWithoutDelivery {
    /// All, as the API guide has it.
    #[default]
    Allow,
    /// Those with support.
    SupportOnly,
}

impl RoomsWithoutDelivery {
    /// Reads `allow` or `support_only`.
    ///
    /// # Errors
    /// Any other value.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "allow" => Ok(Self::Allow),
            "support_only" => Ok(Self::SupportOnly),
            _ => Err("allow or support_only".into()),
        }
    }

    /// Whether a driver and a client or merchant need a delivery.
    #[must_use]
    pub fn support_only(self) -> bool {
        self == Self::SupportOnly
    }
}
