use super::{Invalid, RoomType};

/// How fast one person may send into one room: a bucket of messages that refills steadily.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SendLimit {
    burst: u32,
    per_second: f64,
}

impl SendLimit {
    /// Far more than anybody types, and far less than a program that runs away.
    pub const GENEROUS: Self = Self {
        burst: 600,
        per_second: 10.0,
    };

    /// Reads `burst/per_second`, `20/0.5` for one. Nothing, or 0, is no limit.
    ///
    /// # Errors
    /// It is no such thing, or the bucket takes more than a year to fill.
    pub fn parse(raw: &str) -> Result<Option<Self>, Invalid> {
        const YEAR: f64 = 365.0 * 86_400.0;
        if matches!(raw.trim(), "" | "0") {
            return Ok(None);
        }
        let parts = raw.split_once('/').and_then(|(burst, per_second)| {
            Some((burst.trim().parse().ok()?, per_second.trim().parse().ok()?))
        });
        match parts.map(|(burst, per_second)| Self { burst, per_second }) {
            Some(limit) if limit.burst > 0 && (0.0..YEAR).contains(&limit.seconds_to_fill()) => {
                Ok(Some(limit))
            }
            _ => Err("messages at once/messages a second, e.g. 20/0.5, or 0 for no limit".into()),
        }
    }

    /// How long one message takes to refill.
    #[must_use]
    pub fn seconds_per_message(&self) -> f64 {
        self.per_second.recip()
    }

    /// How far from full the bucket may be for one more message to go through.
    #[must_use]
    pub fn seconds_of_slack(&self) -> f64 {
        f64::from(self.burst - 1) / self.per_second
    }

    fn seconds_to_fill(&self) -> f64 {
        f64::from(self.burst) / self.per_second
    }
}

/// The limits by kind of room; none is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SendLimits {
    /// In rooms about a delivery.
    pub delivery: Option<SendLimit>,
    /// In rooms with support.
    pub support: Option<SendLimit>,
}

impl SendLimits {
    /// The limit in rooms of this kind.
    #[must_use]
    pub fn of(&self, room_type: RoomType) -> Option<SendLimit> {
        match room_type {
            RoomType::Delivery => self.delivery,
            RoomType::Support => self.support,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_burst_and_a_rate() {
        let limit = SendLimit::parse(" 20 / 0.5 ").unwrap().unwrap();
        assert!((limit.seconds_per_message() - 2.0).abs() < 1e-9);
        assert!((limit.seconds_of_slack() - 38.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_and_zero_are_no_limit() {
        for raw in ["", " ", "0"] {
            assert_eq!(SendLimit::parse(raw), Ok(None), "{raw}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for raw in [
            "20", "20/", "/1", "0/1", "-1/1", "1.5/1", "20/0", "20/-1", "20/NaN", "20/1e-9", "a/b",
        ] {
            assert!(SendLimit::parse(raw).is_err(), "{raw}");
        }
    }
}
