use super::{Invalid, RoomType};

/// A token bucket: `burst` tokens, which refill steadily.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    burst: u32,
    per_second: f64,
}

impl RateLimit {
    /// Messages into one room: far more than a person types, and far less than a broken program sends.
    pub const MESSAGES: Self = Self::of(600, 10.0);
    /// Opened rooms: a day's deliveries at once, then one a minute.
    pub const ROOMS: Self = Self::of(60, 1.0 / 60.0);
    /// Signed uploads: an album at once, then ten a minute.
    pub const UPLOADS: Self = Self::of(30, 1.0 / 6.0);
    /// Searches: one per typed letter, then one a second.
    pub const SEARCHES: Self = Self::of(30, 1.0);

    const fn of(burst: u32, per_second: f64) -> Self {
        Self { burst, per_second }
    }

    /// Parses `burst/rate`, with the rate per second (`20/0.5`), minute or hour (`60/1/min`, `60/30/h`).
    /// An empty value or 0 means no limit.
    ///
    /// # Errors
    /// The value has another form, or the bucket takes more than a year to fill.
    pub fn parse(raw: &str) -> Result<Option<Self>, Invalid> {
        if matches!(raw.trim(), "" | "0") {
            return Ok(None);
        }
        Self::parse_parts(raw).map(Some).ok_or_else(|| {
            "burst/rate a second, e.g. 20/0.5, 60/1/min or 60/30/h; 0 for no limit".into()
        })
    }

    fn parse_parts(raw: &str) -> Option<Self> {
        const YEAR: f64 = 365.0 * 86_400.0;
        let mut parts = raw.split('/').map(str::trim);
        let burst = parts.next()?.parse().ok().filter(|burst| *burst > 0)?;
        let rate: f64 = parts.next()?.parse().ok()?;
        let unit = match parts.next() {
            None | Some("s") => 1.0,
            Some("min") => 60.0,
            Some("h") => 3600.0,
            Some(_) => return None,
        };
        let limit = Self::of(burst, rate / unit);
        let is_valid = parts.next().is_none() && (0.0..YEAR).contains(&limit.seconds_to_fill());
        is_valid.then_some(limit)
    }

    /// Returns how long one token takes to refill.
    #[must_use]
    pub fn seconds_per_token(&self) -> f64 {
        self.per_second.recip()
    }

    /// Returns how far from full the bucket may be so that one more token can be taken.
    #[must_use]
    pub fn seconds_of_slack(&self) -> f64 {
        f64::from(self.burst - 1) / self.per_second
    }

    fn seconds_to_fill(&self) -> f64 {
        f64::from(self.burst) / self.per_second
    }
}

/// How fast a participant may send into one room, by room type; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SendLimits {
    pub delivery: Option<RateLimit>,
    pub support: Option<RateLimit>,
}

impl SendLimits {
    /// Returns the limit in rooms of this type.
    #[must_use]
    pub fn of(&self, room_type: RoomType) -> Option<RateLimit> {
        match room_type {
            RoomType::Delivery => self.delivery,
            RoomType::Support => self.support,
        }
    }
}

/// A user's limits that do not depend on a room; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PersonLimits {
    pub rooms: Option<RateLimit>,
    pub uploads: Option<RateLimit>,
    pub searches: Option<RateLimit>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(raw: &str) -> RateLimit {
        RateLimit::parse(raw).unwrap().unwrap()
    }

    #[test]
    fn a_limit_is_a_burst_and_a_rate() {
        let limit = parsed(" 20 / 0.5 ");
        assert!((limit.seconds_per_token() - 2.0).abs() < 1e-9);
        assert!((limit.seconds_of_slack() - 38.0).abs() < 1e-9);
    }

    #[test]
    fn a_rate_is_by_the_second_minute_or_hour() {
        for (raw, seconds) in [("60/2/s", 0.5), ("60/1/min", 60.0), ("60 / 30 / h", 120.0)] {
            assert!(
                (parsed(raw).seconds_per_token() - seconds).abs() < 1e-9,
                "{raw}"
            );
        }
        assert_eq!(parsed("60/1/min"), RateLimit::ROOMS);
    }

    #[test]
    fn an_empty_value_and_zero_mean_no_limit() {
        for raw in ["", " ", "0"] {
            assert_eq!(RateLimit::parse(raw), Ok(None), "{raw}");
        }
    }

    #[test]
    fn anything_else_is_rejected() {
        for raw in [
            "20",
            "20/",
            "/1",
            "0/1",
            "-1/1",
            "1.5/1",
            "20/0",
            "20/-1",
            "20/NaN",
            "20/1e-9",
            "a/b",
            "60/1/day",
            "60/1/min/",
            "60/1/",
        ] {
            assert!(RateLimit::parse(raw).is_err(), "{raw}");
        }
    }
}
