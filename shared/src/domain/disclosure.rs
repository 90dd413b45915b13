use serde::{Serialize, Serializer};

use super::{Invalid, RoomType};

/// A phone number or an address. It serialises as `""` unless it is disclosed, so that a response without a decision
/// shows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal {
    value: String,
    is_disclosed: bool,
}

impl Personal {
    pub(crate) fn new(value: String) -> Self {
        Self {
            value,
            is_disclosed: false,
        }
    }

    /// Shows the value to the caller if `is_disclosed`.
    pub(super) fn disclose(&mut self, is_disclosed: bool) {
        self.is_disclosed = is_disclosed;
    }

    /// Returns what a response shows.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.is_disclosed { &self.value } else { "" }
    }
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

/// When participants see each other's phone number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PhoneDisclosure {
    /// As in the API guide.
    #[default]
    Always,
    /// While the room is open.
    WhileOpen,
    Never,
}

impl PhoneDisclosure {
    /// Parses `always`, `while_open` or `never`.
    ///
    /// # Errors
    /// The value is none of them.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        match raw {
            "always" => Ok(Self::Always),
            "while_open" => Ok(Self::WhileOpen),
            "never" => Ok(Self::Never),
            _ => Err("always, while_open or never".into()),
        }
    }

    pub(super) fn shows_phones(self, room_is_open: bool) -> bool {
        match self {
            Self::Always => true,
            Self::WhileOpen => room_is_open,
            Self::Never => false,
        }
    }

    /// Returns whether the viewer sees the addresses of the delivery. A driver needs them until the room closes.
    pub(super) fn shows_addresses(self, room_is_open: bool, viewer_is_driver: bool) -> bool {
        self == Self::Always || room_is_open || !viewer_is_driver
    }
}

/// When participants see each other's phone number, by room type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disclosure {
    pub delivery: PhoneDisclosure,
    pub support: PhoneDisclosure,
}

impl Disclosure {
    /// Returns the policy of rooms of this type. An unknown type discloses nothing.
    pub(super) fn of(self, room_type: &str) -> PhoneDisclosure {
        match RoomType::parse(room_type) {
            Ok(RoomType::Delivery) => self.delivery,
            Ok(RoomType::Support) => self.support,
            Err(_) => PhoneDisclosure::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_hidden_until_it_is_disclosed() {
        let mut phone = Personal::new("+2250701020304".to_owned());
        assert_eq!(serde_json::to_value(&phone).unwrap(), "");
        phone.disclose(true);
        assert_eq!(serde_json::to_value(&phone).unwrap(), "+2250701020304");
    }

    #[test]
    fn a_policy_is_one_of_three_words() {
        for (raw, policy) in [
            ("always", PhoneDisclosure::Always),
            ("while_open", PhoneDisclosure::WhileOpen),
            ("never", PhoneDisclosure::Never),
        ] {
            assert_eq!(PhoneDisclosure::parse(raw), Ok(policy));
        }
        for raw in ["", "Always", "sometimes"] {
            assert!(PhoneDisclosure::parse(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn phones_follow_the_policy_and_only_a_driver_loses_the_addresses() {
        use PhoneDisclosure::{Always, Never, WhileOpen};
        for (policy, open, closed) in [
            (Always, true, true),
            (WhileOpen, true, false),
            (Never, false, false),
        ] {
            assert_eq!(policy.shows_phones(true), open);
            assert_eq!(policy.shows_phones(false), closed);
            assert!(policy.shows_addresses(true, true));
            assert!(policy.shows_addresses(false, false));
            assert_eq!(policy.shows_addresses(false, true), policy == Always);
        }
    }

    #[test]
    fn rooms_of_an_unknown_type_disclose_nothing() {
        let disclosure = Disclosure::default();
        assert_eq!(disclosure.of("delivery"), PhoneDisclosure::Always);
        assert_eq!(disclosure.of("x"), PhoneDisclosure::Never);
    }
}
